//! `twofold init`, and what is refused before anything is trusted.

use std::os::unix::fs::PermissionsExt as _;

use twofold_test_support::{NatsOptions, PostgresServer};

use super::stage::Stage;
use crate::support::{Home, ran, word};

#[test]
fn init_makes_everything_once_and_shows_the_operator_key_once() {
    let stage = Stage::empty();
    let refused = stage.run(&["tenant", "list"]);
    assert!(refused.code(1).err.contains("run `twofold init`"), "{}", refused.err);
    let first = stage.run(&["init"]);
    for made in ["stream TWOFOLD", "consumer deliver_email", "consumer deliver_sms"] {
        assert!(first.code(0).out.contains(&format!("made      {made}")), "{}", first.out);
    }
    let operator = word(&first.out, "tf_op_");
    let second = stage.run(&["init"]);
    assert!(second.code(0).out.contains("kept      stream TWOFOLD"), "{}", second.out);
    assert!(!second.out.contains("made") && !second.out.contains("tf_op_"), "{}", second.out);
    let api = stage.start("api", "api");
    assert_eq!(api.get("/v1/operator/tenants", &operator).0, 200);
    assert!(!stage.home.data().exists(), "no process needs a data folder");
}

#[test]
fn another_number_of_partitions_or_another_key_is_refused() {
    let stage = Stage::initialised();
    let partitions = stage.run(&["init", "--partitions", "8"]);
    assert!(partitions.code(1).err.contains("twofold.partitions 16, not 8"), "{}", partitions.err);
    let other = "fedcba9876543210".repeat(4);
    for command in [
        &["init"][..],
        &["tenant", "list"],
        &["api", "--listen", "127.0.0.1:0"],
        &["deliver", "--listen", "127.0.0.1:0"],
    ] {
        let refused = ran(stage.command(command).env("TWOFOLD__MASTER_KEY", &other));
        let told = &refused.code(1).err;
        assert!(told.contains("another master key") || told.contains("twofold.master"), "{command:?}: {told}");
        assert!(!told.contains(&other));
        let missing = ran(stage.command(command).env_remove("TWOFOLD__MASTER_KEY"));
        assert!(missing.code(2).err.contains("openssl rand -hex 32"), "{command:?}: {}", missing.err);
    }
    assert!(!stage.home.data().exists(), "no key is made in silence");
}

#[test]
fn the_master_key_and_other_secrets_come_from_files_as_well() {
    let stage = Stage::initialised();
    for (name, text) in [("master.key", &stage.master_key), ("database", &stage.database)] {
        stage.home.write(name, &format!("{text}\n"));
    }
    let mut command = stage.command(&["tenant", "create", "acme"]);
    command.env_remove("TWOFOLD__MASTER_KEY").env("TWOFOLD__MASTER_KEY_FILE", "master.key");
    ran(&mut command).code(0);
    let mut command = stage.command(&["audit"]);
    command.env_remove("TWOFOLD__POSTGRES__URL").env("TWOFOLD__POSTGRES__URL_FILE", "database");
    assert!(ran(&mut command).code(0).out.contains("acme"));
    let path = stage.home.path("master.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("changed");
    let mut command = stage.command(&["tenant", "list"]);
    let open = ran(command.env_remove("TWOFOLD__MASTER_KEY").env("TWOFOLD__MASTER_KEY_FILE", "master.key"));
    assert!(
        open.code(2).err.contains("TWOFOLD__MASTER_KEY_FILE: master_key: master.key: others may write it"),
        "{}",
        open.err
    );
}

#[test]
fn a_broker_that_acknowledges_too_early_is_refused_unless_that_is_allowed() {
    let stage = Stage::on(&NatsOptions { sync_always: false, ..NatsOptions::default() });
    let refused = stage.run(&["init"]);
    assert!(refused.code(1).err.contains("set `sync_interval: always`"), "{}", refused.err);
    assert!(refused.err.contains("--allow-unsafe-log"), "{}", refused.err);
    assert!(!refused.out.contains("tf_op_"), "no key before the log can be trusted");
    let allowed = stage.run(&["init", "--allow-unsafe-log"]);
    assert!(
        allowed.code(0).out.contains("tf_op_") && allowed.err.contains("UNSAFE"),
        "{} {}",
        allowed.out,
        allowed.err
    );
    for role in ["api", "deliver", "project", "serve"] {
        let refused = stage.run(&[role, "--listen", "127.0.0.1:0"]);
        assert!(refused.code(1).err.contains("set `sync_interval: always`"), "{role}: {}", refused.err);
    }
    let unknown = ran(stage.command(&["tenant", "list"]).env_remove("TWOFOLD__NATS__MONITORS"));
    assert!(unknown.code(1).err.contains("nats.monitors"), "{}", unknown.err);
}

#[test]
fn roles_of_the_database_are_given_what_they_need() {
    let stage = Stage::empty();
    let as_role = |role: &str| {
        stage.postgres.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'")).expect("a role");
        let (_, place) = stage.database.split_once('@').expect("an address");
        format!("postgres://{role}:pw@{place}")
    };
    let (api, project) = (as_role("tf_api"), as_role("tf_project"));
    let printed = stage.run(&["init", "--grant", "api=tf_api,project=tf_project", "--print-grants"]);
    assert!(printed.code(0).out.lines().all(|line| line.starts_with("GRANT ")), "{}", printed.out);
    stage.run(&["init", "--grant", "api=tf_api,project=tf_project"]).code(0);
    let begin = |role: &str, url: &str| {
        let mut command = stage.command(&[role, "--listen", "127.0.0.1:0"]);
        let mut server = stage.home.start(command.env("TWOFOLD__POSTGRES__URL", url), role);
        server.listening();
        server.ready();
        server
    };
    let (serving, _projecting) = (begin("api", &api), begin("project", &project));
    let key = stage.tenant("acme", "ipi");
    crate::support::eventually("the tenant in the tables", std::time::Duration::from_secs(10), || {
        let (status, page) = serving.get("/v1/audit", &key);
        (status == 200 && page["items"].as_array().is_some_and(|items| !items.is_empty())).then_some(())
    });
    let written = PostgresServer::query(&api, "DELETE FROM twofold.audit");
    assert!(written.expect_err("refused").to_string().contains("permission denied"));
}

#[test]
fn in_one_folder_there_is_nothing_to_initialise_and_no_role_apart() {
    let home = Home::new();
    assert!(home.run(&["init"]).code(0).out.starts_with("nothing to do"));
    for role in ["api", "deliver", "project"] {
        let refused = home.run(&[role, "--listen", "127.0.0.1:0"]);
        assert!(refused.code(2).err.contains("set nats.servers, or run `twofold serve`"), "{}", refused.err);
    }
    assert!(!home.data().exists());
    let alone = ran(home.command(&["tenant", "list"]).env("TWOFOLD__POSTGRES__URL", "postgres://u:canary@127.0.0.1/x"));
    assert!(alone.code(2).err.contains("postgres.url: goes with nats.servers"), "{}", alone.err);
    assert!(!alone.err.contains("canary"), "{}", alone.err);
}

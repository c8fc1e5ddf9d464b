//! Starting before the others, and stopping.

use std::process::Command;
use std::time::{Duration, Instant};

use super::stage::{Stage, enrol};
use crate::support::{Server, eventually, ran};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_process_waits_for_broker_and_init_and_says_so() {
    let mut stage = Stage::empty();
    stage.nats.kill();
    let mut waiting = ["api", "deliver", "project"].map(|role| stage.begin(role, role));
    for server in &waiting {
        assert_eq!(server.get("/healthz", "").0, 200);
        let (status, body) = server.get("/readyz", "");
        assert_eq!((status, body["ready"].as_bool()), (503, Some(false)), "{body}");
        assert_eq!(server.get("/v1/settings", "").0, 503, "come again");
        eventually("a word about it", SOON, || server.logs().contains("waiting for the broker").then_some(()));
    }
    stage.nats.restart().expect("a broker");
    for server in &waiting {
        eventually("what to run", SOON, || server.logs().contains("run `twofold init`").then_some(()));
    }
    stage.run(&["init"]).code(0);
    waiting.iter_mut().for_each(Server::ready);
    let key = stage.tenant("acme", "ipi");
    eventually("a key that works", SOON, || (waiting[0].get("/v1/settings", &key).0 == 200).then_some(()));
}

#[test]
fn sigterm_drains_every_role_and_ends_with_0() {
    let stage = Stage::initialised();
    let key = stage.tenant("acme", "ipi");
    let servers = ["api", "deliver", "project"].map(|role| stage.start(role, role));
    enrol(&servers[0], &key, "ann");
    for server in servers {
        server.signal("TERM");
        let (begun, logs) = (Instant::now(), server.logs());
        let status = server.wait();
        assert!(status.success() && begun.elapsed() < Duration::from_secs(15), "{status} {logs}");
    }
    for role in ["api", "deliver", "project"] {
        let logs = std::fs::read_to_string(stage.home.path(&format!("{role}.err"))).expect("readable");
        assert!(logs.trim_end().ends_with("stopped"), "{role}: {logs}");
        assert!(!logs.contains("WARN") && !logs.contains("ERROR"), "{role}: {logs}");
    }
}

#[test]
fn sigterm_ends_a_process_that_is_still_waiting() {
    let mut stage = Stage::empty();
    stage.nats.kill();
    let server = stage.begin("api", "api");
    server.signal("TERM");
    assert!(server.wait().success());
}

#[test]
fn each_role_needs_only_its_own() {
    let stage = Stage::initialised();
    let begin = |role: &str, without: &str| -> Command {
        let mut command = stage.command(&[role, "--listen", "127.0.0.1:0"]);
        command.env_remove(without);
        command
    };
    for (role, without) in [("deliver", "TWOFOLD__POSTGRES__URL"), ("project", "TWOFOLD__MASTER_KEY")] {
        let mut server = stage.home.start(&mut begin(role, without), role);
        server.listening();
        server.ready();
    }
    for (role, without, told) in [
        ("api", "TWOFOLD__POSTGRES__URL", "postgres.url is missing"),
        ("project", "TWOFOLD__POSTGRES__URL", "postgres.url is missing"),
        ("api", "TWOFOLD__MASTER_KEY", "the master key is missing"),
        ("deliver", "TWOFOLD__MASTER_KEY", "the master key is missing"),
    ] {
        let refused = ran(&mut begin(role, without));
        assert!(refused.code(2).err.contains(told), "{role}: {}", refused.err);
    }
}

//! Commands that look: openapi, healthcheck, audit, replay, help.

use std::time::Duration;

use crate::support::{Home, eventually};

#[test]
fn the_openapi_document_needs_no_data() {
    let home = Home::new();
    let document: serde_json::Value = serde_json::from_str(&home.run(&["openapi"]).code(0).out).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert!(document["paths"].get("/v1/users/{user}/challenges").is_some());
    assert!(!home.data().exists());
}

#[test]
fn the_healthcheck_follows_the_server_of_the_folder() {
    let home = Home::new();
    home.run(&["healthcheck", "--url", "http://127.0.0.1:1"]).code(1);
    let server = home.serve();
    assert_eq!(home.run(&["healthcheck"]).code(0).out, "ready\n");
    home.run(&["healthcheck", "--url", &server.url()]).code(0);
    server.kill();
    let down = home.run(&["healthcheck"]);
    assert!(down.code(1).err.contains("does not answer"), "{}", down.err);
}

#[test]
fn the_demo_behaves_against_a_server_of_its_own_and_a_running_one() {
    let home = Home::new();
    let own = home.run(&["demo"]);
    assert!(own.code(0).out.contains("Every step behaved.") && own.out.contains("█"), "{}", own.out);
    assert!(!home.data().exists(), "the demo leaves nothing behind");
    let server = home.serve();
    let (url, test, live) = (server.url(), server.key("tf_test_"), server.key("tf_live_"));
    home.run(&["demo", "--url", &url, "--key", &test]).code(0);
    home.run(&["demo", "--url", &url, "--key", &live]).code(2);
    home.run(&["demo", "--url", &url]).code(2);
    // A tenant whose rules do not fit lets a step misbehave, and that is told.
    home.run(&["tenant", "settings", "demo", "--set", "recovery_codes.enabled=false"]).code(0);
    let off = || (server.get("/v1/settings", &test).1["effective"]["recovery_codes"]["enabled"] == false).then_some(());
    eventually("an end of recovery codes", Duration::from_secs(5), off);
    let misbehaved = home.run(&["demo", "--url", &url, "--key", &test]);
    assert!(misbehaved.code(1).err.contains("step 3 ("), "{}", misbehaved.err);
}

#[test]
fn audit_and_replay_tell_the_story() {
    let home = Home::new();
    let server = home.serve();
    home.run(&["demo", "--url", &server.url(), "--key", &server.key("tf_test_")]).code(0);
    let audit = home.run(&["audit", "--json", "--kind", "verification.failed,two_factor.enabled"]);
    let rows: Vec<serde_json::Value> =
        audit.code(0).out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["two_factor.enabled", "verification.failed", "verification.failed", "verification.failed"]);
    let user = rows[0]["user"].as_str().expect("named").to_owned();
    assert!(user.starts_with("demo-"));
    let position = rows[0]["position"].to_string();
    assert!(home.run(&["audit", "--tenant", "demo", "--user", &user, "--limit", "2"]).code(0).out.lines().count() == 3);
    assert!(home.run(&["audit", "--kind", "verification.fialed"]).code(2).err.contains("there are"));
    assert!(home.run(&["audit", "--user", "nobody"]).code(0).out.contains("nothing that fits"));

    let now = home.run(&["replay", "--tenant", "demo", "--user", &user]);
    assert!(
        now.code(0).out.contains("Right: recovery code no. 1, to log in.") && now.out.contains("9 of 10 left"),
        "{}",
        now.out
    );
    let then = home.run(&["replay", "--tenant", "demo", "--user", &user, "--at", &position, "--json"]);
    let then: serde_json::Value = serde_json::from_str(&then.code(0).out).expect("JSON");
    assert_eq!((&then["state"]["status"], &then["state"]["recovery_codes_left"]), (&"enabled".into(), &10.into()));
    assert!(then["events"].as_array().is_some_and(|events| events.len() == 5), "{then}");
    home.run(&["replay", "--tenant", "demo", "--user", "nobody"]).code(1);
    home.run(&["replay", "--tenant", "demo", "--user", &user, "--at", "yesterday"]).code(2);
}

#[test]
fn replay_names_who_why_and_from_where() {
    let home = Home::new();
    let server = home.serve();
    let key = server.key("tf_live_");
    let support = r#"{"use_2fa": true, "actor": {"type": "support", "id": "anna"}, "reason": "ticket 4711", "client": {"ip": "203.0.113.9"}}"#;
    assert_eq!(server.ask("PUT", "/v1/users/mia", &key, "{}").0, 200);
    assert_eq!(server.ask("PUT", "/v1/users/mia", &key, support).0, 200);
    let told = home.run(&["replay", "--tenant", "demo", "--user", "mia"]);
    let line = told.code(0).out.lines().find(|line| line.contains("support")).expect("what support did").to_owned();
    assert!(line.contains("support anna") && line.ends_with("Reason: ticket 4711 [203.0.113.9]"), "{line}");
    // Erasure takes the names out of the story and leaves the story.
    assert_eq!(server.ask("DELETE", "/v1/users/mia", &key, "").0, 204);
    let told = home.run(&["replay", "--tenant", "demo", "--user", "mia"]);
    assert!(
        told.code(0).out.contains("support") && !told.out.contains("anna") && !told.out.contains("4711"),
        "{}",
        told.out
    );
}

#[test]
fn commands_on_a_folder_without_data_say_what_to_do_and_make_none() {
    let home = Home::new();
    for command in [&["tenant", "list"][..], &["audit"], &["verify-log"], &["rebuild"], &["key", "list"]] {
        let ran = home.run(command);
        assert!(ran.code(1).err.contains("start `twofold serve` once"), "{command:?} {}", ran.err);
    }
    assert!(!home.data().exists());
}

#[test]
fn every_command_explains_itself() {
    let home = Home::new();
    let commands = [
        "serve",
        "tenant",
        "tenant create",
        "tenant list",
        "tenant show",
        "tenant suspend",
        "tenant resume",
        "tenant settings",
        "tenant channel",
        "key",
        "key create",
        "key list",
        "key revoke",
        "demo",
        "audit",
        "replay",
        "verify-log",
        "rebuild",
        "config print",
        "openapi",
        "healthcheck",
        "version",
    ];
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = home.run(&arguments);
        assert!(help.code(0).out.contains("Usage:"), "{command}");
    }
    assert!(home.run(&["version"]).code(0).out.starts_with("twofold "));
    home.run(&["nonsense"]).code(2);
}

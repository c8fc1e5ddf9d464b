//! Steering delivery from the command line while a server runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Home, eventually, ran, word};

#[test]
fn pauses_stopped_prefixes_and_tests_are_in_force_on_a_running_server_and_in_the_audit_trail() {
    let home = Home::new();
    let server = home.serve();
    let live = word(&home.run(&["tenant", "create", "acme"]).code(0).out, "tf_live_");
    let of_acme = |start: &[&'static str]| [start, &["--tenant", "acme", "--reason", "status page red"]].concat();

    home.run(&of_acme(&["pause", "--channel", "sms", "--provider", "main"])).code(0);
    home.run(&of_acme(&["prefix", "stop", "+99890"])).code(0);
    eventually("both in force", Duration::from_secs(1), || {
        let (status, now) = server.get("/v1/delivery", &live);
        let paused = now["paused"] == json!([{ "channel": "sms", "provider": "main" }]);
        (status == 200 && paused && now["stopped_prefixes"]["+99890"] == "status page red").then_some(())
    });
    assert!(home.run(&["prefix", "list"]).code(0).out.contains("+99890"));
    home.run(&of_acme(&["prefix", "release", "+1"])).code(1);
    home.run(&["pause", "--channel", "sms", "--tenant", "acme"]).code(2);

    let top: Value = serde_json::from_str(&home.run(&["top", "--json"]).code(0).out).expect("JSON");
    let main = top["providers"].as_array().and_then(|all| all.iter().find(|row| row["provider"] == "main"));
    assert_eq!(main.map(|row| (row["tenant"].clone(), row["paused"].clone())), Some((json!("acme"), json!(true))));

    home.run(&of_acme(&["resume", "--channel", "sms", "--provider", "main"])).code(0);
    home.run(&of_acme(&["prefix", "release", "+99890"])).code(0);
    let mut command = home.command(&of_acme(&["send-test", "--channel", "email", "--to", "ada@example.com"]));
    command.env("TWOFOLD__DELIVERY__EMAIL__TRANSPORT", "outbox");
    command.env("TWOFOLD__DELIVERY__EMAIL__FROM", "codes@example.com");
    assert!(ran(&mut command).code(0).out.contains("default took it"));
    home.run(&of_acme(&["send-test", "--channel", "email", "--to", "nobody"])).code(1);
    assert!(home.run(&["dead", "list"]).code(0).out.contains("no message is dead"));
    let audit = home.run(&["audit", "--tenant", "acme", "--json"]);
    let of =
        |kind: &str| audit.out.lines().filter(|line| line.contains(kind) && line.contains("status page red")).count();
    let kinds = ["channel.paused", "channel.resumed", "prefix.stopped", "prefix.released", "channel.tested"];
    assert_eq!(kinds.map(of), [1; 5], "{}", audit.out);
}

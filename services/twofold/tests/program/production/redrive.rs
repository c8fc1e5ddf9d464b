//! A dead message and an operator who gives it another chance.

use std::time::Duration;

use serde_json::{Value, json};
use twofold_test_support::{SinkOptions, SmtpSink, Stage as Moment};

use super::stage::{Stage, post};
use crate::support::{Server, eventually};

const SOON: Duration = Duration::from_secs(20);
const REFUSED: (Moment, &str) = (Moment::Rcpt, "550 5.1.1 unknown");

/// What the read model shows of a message, as soon as it stands like this.
#[track_caller]
fn shown(server: &Server, key: &str, message: &str, status: &str) -> Value {
    eventually(status, SOON, || {
        let (_, body) = server.get(&format!("/v1/deliveries/{message}"), key);
        (body["status"] == status).then_some(body)
    })
}

#[test]
fn a_redriven_message_is_sent_once_and_everybody_who_asks_is_told_so() {
    let stage = Stage::initialised();
    let key = stage.tenant("acme", "hideez");
    let sink = SmtpSink::start(&SinkOptions::default()).expect("a mail server");
    sink.behave(&[REFUSED]).expect("told");
    let mail = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"a@example.org\"\n",
        sink.port()
    );
    stage.home.write("mail.toml", &mail);
    stage.run(&["tenant", "channel", "acme", "email", "--file", "mail.toml"]).code(0);
    let settings =
        ["tenant", "settings", "acme", "--set", "policy=\"required\"", "--set", "methods.allowed=[\"email\"]"];
    stage.run(&settings).code(0);
    let (api, project) = (stage.start("api", "api"), stage.start("project", "project"));
    let first = stage.start("deliver", "deliver");

    assert_eq!(api.ask("PUT", "/v1/users/bob", &key, "{\"email\":\"bob@example.org\"}").0, 200);
    let opened = post(&api, &key, "/v1/users/bob/challenges", &json!({ "method": "email" }), 201);
    let challenge = format!("/v1/users/bob/challenges/{}", opened["id"].as_str().expect("an id"));
    let stands = || api.get(&challenge, &key).1["delivery"]["status"].clone();
    eventually("the end", SOON, || (stands() == "failed").then_some(()));
    let listed = eventually("a dead message", SOON, || {
        let told = stage.run(&["dead", "list", "--tenant", "acme", "--json"]);
        serde_json::from_str::<Value>(told.code(0).out.lines().next()?).ok()
    });
    let message = listed["message_id"].as_str().expect("an id");
    assert_eq!(shown(&api, &key, message, "dead")["attempts"], 1);

    // With nobody there to send, it can be seen to wait.
    first.signal("TERM");
    assert!(first.wait().success());
    sink.behave(&[]).expect("told");
    let redrive = ["dead", "redrive", message, "--tenant", "acme", "--reason", "the mailbox was made"];
    assert!(stage.run(&redrive).code(0).out.contains("1 open again"));
    assert!(stage.run(&redrive).code(0).out.contains("is not dead"), "only once");
    assert_eq!(stands(), "pending");
    let second = stage.start("deliver", "deliver-2");

    let seen = shown(&api, &key, message, "accepted");
    let entries = seen["history"].as_array().expect("entries").iter();
    // A slow server's taking its time is written down as well.
    let results: Vec<&Value> = entries.map(|entry| &entry["result"]).filter(|what| *what != "handing_over").collect();
    assert_eq!(results, ["dead", "redriven", "accepted"], "{seen}");
    assert_eq!(stands(), "sent");
    assert_eq!(sink.messages().expect("readable").len(), 1, "sent once");
    assert_eq!(second.metric("twofold_delivery_accepted_total"), Some(1.0));
    assert_eq!(stage.run(&["dead", "list"]).code(0).out.trim(), "no message is dead");
    let audit = stage.run(&["audit", "--tenant", "acme", "--json"]);
    assert!(audit.code(0).out.lines().any(|line| line.contains("redriven") && line.contains("the mailbox was made")));
    drop(project);
}

//! One story over several processes.

use std::time::Duration;

use serde_json::json;
use twofold_test_support::{SinkOptions, SmtpSink};

use super::stage::{Stage, enrol, post, verify};
use crate::support::eventually;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn what_is_written_at_one_api_is_read_at_another_and_codes_are_sent_by_a_third_process() {
    let stage = Stage::initialised();
    let key = stage.tenant("acme", "hideez");
    let sink = SmtpSink::start(&SinkOptions::default()).expect("a mail server");
    let mail = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"a@example.org\"\n",
        sink.port()
    );
    stage.home.write("mail.toml", &mail);
    stage.run(&["tenant", "channel", "acme", "email", "--file", "mail.toml"]).code(0);
    stage
        .run(&[
            "tenant",
            "settings",
            "acme",
            "--set",
            "methods.allowed=[\"totp\",\"email\"]",
            "--set",
            "methods.max_active=2",
        ])
        .code(0);
    let (one, other) = (stage.start("api", "one"), stage.start("api", "other"));
    let senders = [stage.start("deliver", "deliver"), stage.start("deliver", "deliver-2")];
    let project = stage.start("project", "project");

    let codes = enrol(&one, &key, "ann");
    let (status, first) = verify(&other, &key, "ann", &codes[0]);
    assert_eq!(status, 200, "{first}");
    assert_eq!(verify(&one, &key, "ann", &codes[0]).0, 422, "used up everywhere");
    let audit = format!("/v1/users/ann/audit?min_position={}", first["position"]);
    let (status, page) = one.get(&audit, &key);
    assert_eq!(status, 200, "{page}");
    assert!(
        page["items"].as_array().expect("items").iter().any(|item| item["kind"] == "verification.succeeded"),
        "{page}"
    );

    assert_eq!(one.ask("PUT", "/v1/users/bob", &key, "{\"email\":\"bob@example.org\"}").0, 200);
    let begun = json!({ "method": "email", "reauth": { "confirmed": true } });
    let enrolment = post(&one, &key, "/v1/users/bob/enrolments", &begun, 201);
    let mail = eventually("a mail", SOON, || sink.messages().expect("readable").pop());
    let text = String::from_utf8_lossy(&mail.raw).into_owned();
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).expect("a code").to_owned();
    let confirm = format!("/v1/users/bob/enrolments/{}/confirm", enrolment["id"].as_str().expect("an id"));
    post(&other, &key, &confirm, &json!({ "code": code }), 200);

    for (server, metric, least, most) in [
        (&one, "twofold_append_commits_total{outcome=\"stored\"}", 5.0, 50.0),
        (&one, "twofold_verify_seconds_count", 1.0, 1.0),
        (&one, "twofold_directory_age_seconds", 0.0, 5.0),
        (&one, "twofold_broker_connected", 1.0, 1.0),
        (&one, "twofold_database_up", 1.0, 1.0),
        (&senders[0], "twofold_delivery_queue_pending{channel=\"email\"}", 0.0, 0.0),
        (&project, "twofold_projector_lag_commits", 0.0, 0.0),
        (&project, "twofold_projector_lag_seconds", 0.0, 0.0),
        (&project, "twofold_projector_active", 1.0, 1.0),
    ] {
        eventually(metric, SOON, || (least..=most).contains(&server.metric(metric)?).then_some(()));
    }
    // The code, and word to the owner that it was used; each of them from one of the two processes.
    eventually("two messages", SOON, || {
        let sent = senders.iter().map(|sender| sender.metric("twofold_delivery_accepted_total"));
        (sent.sum::<Option<f64>>() == Some(2.0)).then_some(())
    });
    let mails = sink.messages().expect("readable");
    let with_code = mails.iter().filter(|mail| String::from_utf8_lossy(&mail.raw).contains(&code)).count();
    assert_eq!((mails.len(), with_code), (2, 1), "each is sent once");
    assert_eq!(senders[0].get("/v1/settings", &key).0, 404, "only health and metrics");

    for command in
        [&["verify-log"][..], &["rebuild"], &["verify-log"], &["replay", "--tenant", "acme", "--user", "ann"]]
    {
        stage.run(command).code(0);
    }
    assert!(!stage.home.data().exists(), "no process needs a data folder");
}

#[test]
fn everything_in_one_process_works_on_broker_and_database_too() {
    let stage = Stage::initialised();
    let server = stage.start("serve", "serve");
    let made = stage.run(&["tenant", "create", "demo"]);
    let key = crate::support::word(&made.code(0).out, "tf_test_");
    let settings =
        ["methods.allowed=[\"totp\",\"email\",\"sms\"]", "methods.max_active=3", "destination.source=either"];
    let sets = settings.iter().flat_map(|set| ["--set", set]);
    let arguments: Vec<&str> = ["tenant", "settings", "demo"].into_iter().chain(sets).collect();
    stage.run(&arguments).code(0);
    eventually("the settings", SOON, || {
        (server.get("/v1/settings", &key).1["effective"]["methods"]["max_active"] == 3).then_some(())
    });
    let told = stage.run(&["demo", "--url", &server.url(), "--key", &key]);
    assert!(told.code(0).out.contains("Every step behaved."), "{}", told.out);
    stage.run(&["healthcheck", "--url", &server.url()]).code(0);
}

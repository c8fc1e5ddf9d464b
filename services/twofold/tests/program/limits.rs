//! What protects money and people, over the real API: messages that are not sent are not asked for either.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Home, Server, eventually, word};

/// Longer than an alarm may take.
const ALARM_LIMIT: Duration = Duration::from_mins(1);
const SOON: Duration = Duration::from_secs(20);
const STORED: &str = "twofold_append_commits_total{outcome=\"stored\"}";

/// What the numbers here have in common as far as the alarm looks.
const PREFIX: &str = "+998901";

/// Codes go into files.
fn with_outbox(command: &mut Command) -> &mut Command {
    command
        .env("TWOFOLD__DELIVERY__EMAIL__TRANSPORT", "outbox")
        .env("TWOFOLD__DELIVERY__EMAIL__FROM", "codes@example.com")
        .env("TWOFOLD__DELIVERY__SMS__PROVIDER", "outbox")
}

/// Nobody sends meanwhile, so that whatever is appended comes from the API.
fn without_workers(command: &mut Command) -> &mut Command {
    with_outbox(command).env("TWOFOLD__DELIVERY__ENABLED", "false").env("TWOFOLD__DELIVERY__PER_DESTINATION_DAY", "1")
}

/// A live key of a tenant with these settings, as soon as they are in force.
#[track_caller]
fn tenant(home: &Home, server: &Server, name: &str, set: &str) -> String {
    let key = word(&home.run(&["tenant", "create", name]).code(0).out, "tf_live_");
    let all =
        ["methods.allowed=[\"totp\",\"email\",\"sms\"]", "methods.max_active=3", "codes.resend_after_secs=10", set];
    let sets = all.into_iter().flat_map(|set| ["--set", set]);
    home.run(&["tenant", "settings", name].into_iter().chain(sets).collect::<Vec<_>>()).code(0);
    eventually("the settings", SOON, || {
        (server.get("/v1/settings", &key).1["effective"]["methods"]["max_active"] == 3).then_some(())
    });
    key
}

/// Asks for a code to set a method up: the whole answer.
fn code(server: &Server, key: &str, user: &str, method: &str, profile: &Value) -> String {
    let path = format!("/v1/users/{user}");
    assert_eq!(server.ask("PUT", &path, key, &profile.to_string()).0, 200);
    let body = json!({ "method": method, "reauth": { "confirmed": true } });
    server.exchange("POST", &format!("{path}/enrolments"), key, &body.to_string())
}

fn problem(answer: &str) -> Value {
    answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split_once("\r\n\r\n")?.0;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(of, _)| of.eq_ignore_ascii_case(name))
        .map(|(_, is)| is)
}

#[test]
fn a_code_beyond_a_limit_or_budget_is_answered_429_with_a_time_and_leaves_nothing_behind() {
    let home = Home::new();
    let server = home.serve_with(without_workers);
    let of = |n: u32| json!({ "email": format!("user-{n}@example.net"), "phone": format!("+44740012345{n}") });
    let same = json!({ "email": "shared@example.net" });
    for (name, set, tries) in [
        (
            "destination_limit",
            "delivery.share=10",
            vec![("ada", "email", same.clone()), ("bob", "email", same.clone())],
        ),
        ("user_limit", "delivery.per_user_day=1", vec![("ada", "email", of(1)), ("ada", "sms", of(1))]),
        ("tenant_budget", "delivery.sms_per_month=1", vec![("ada", "sms", of(2)), ("bob", "sms", of(3))]),
        // An hour may end between two of them.
        (
            "prefix_limit",
            "delivery.prefix_per_hour=1",
            vec![("ada", "sms", of(4)), ("bob", "sms", of(5)), ("eve", "sms", of(6))],
        ),
    ] {
        let key = tenant(&home, &server, &name.replace('_', "-"), set);
        let mut passed = 0_usize;
        let refused = tries.iter().find_map(|(user, method, profile)| {
            assert_eq!(server.ask("PUT", &format!("/v1/users/{user}"), &key, &profile.to_string()).0, 200);
            let before = server.metric(STORED);
            // The next code of one user has to wait a little in any case.
            let answer = eventually("the pause between two codes", SOON, || {
                Some(code(&server, &key, user, method, profile)).filter(|answer| !answer.contains("resend_too_soon"))
            });
            if answer.starts_with("HTTP/1.1 201") {
                passed += 1;
                return None;
            }
            assert_eq!(server.metric(STORED), before, "{name}: nothing is appended");
            Some(answer)
        });
        let refused = refused.unwrap_or_else(|| panic!("{name}: all of them passed"));
        assert!(passed > 0, "{name}: {refused}");
        let problem = problem(&refused);
        assert_eq!((&problem["status"], &problem["code"]), (&json!(429), &json!(name)), "{refused}");
        let wait: u64 = header(&refused, "retry-after").and_then(|text| text.parse().ok()).expect("a time to wait");
        assert!((1..=31 * 86_400).contains(&wait), "{name}: {wait}");
        assert_eq!(problem["retry_after"], wait, "{name}");
        let messages = eventually("what was asked for", SOON, || {
            let (_, list) = server.get("/v1/deliveries?limit=100", &key);
            list["items"].as_array().map(Vec::len).filter(|messages| *messages >= passed)
        });
        assert_eq!(messages, passed, "{name}: no message either");
    }
}

#[test]
fn numbers_whose_codes_nobody_uses_are_stopped_within_a_minute_until_an_operator_releases_them() {
    let home = Home::new();
    let server = home.serve_with(with_outbox);
    let key = tenant(&home, &server, "acme", "delivery.conversion_min_sent=5");
    let ask = |n: u32, start: &str| {
        let answer = code(&server, &key, &format!("user-{n}"), "sms", &json!({ "phone": format!("{start}{n}") }));
        (answer.starts_with("HTTP/1.1 201"), answer)
    };
    for n in 0..8 {
        assert!(ask(1_234_500 + n, "+99890").0);
    }
    let stopped = || server.get("/v1/delivery", &key).1["stopped_prefixes"].get(PREFIX).is_some();
    eventually("an alarm", ALARM_LIMIT, || stopped().then_some(()));

    let (_, refused) = ask(1_234_560, "+99890");
    let problem = problem(&refused);
    assert_eq!((&problem["status"], &problem["code"]), (&json!(429), &json!("prefix_stopped")), "{refused}");
    assert_eq!(header(&refused, "retry-after"), None, "time alone does not help");
    assert!(ask(123_456, "+447400").0, "numbers elsewhere are none of its business");
    let listed = home.run(&["prefix", "list"]).code(0).out.clone();
    assert!(listed.contains(PREFIX) && listed.contains("sms_pumping: 0 of 8"), "{listed}");

    home.run(&["prefix", "release", PREFIX, "--tenant", "acme", "--reason", "it was a load test"]).code(0);
    eventually("the release", SOON, || (!stopped()).then_some(()));
    assert!(ask(1_234_561, "+99890").0);
    let audit = home.run(&["audit", "--tenant", "acme", "--json"]).code(0).out.clone();
    for said in ["\"prefix.stopped\"", "\"prefix.released\"", "sms_pumping: 0 of 8", "it was a load test"] {
        assert!(audit.contains(said), "{said}: {audit}");
    }
}

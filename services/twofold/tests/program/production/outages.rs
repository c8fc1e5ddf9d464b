//! Broker or database away, and back.

use std::time::Duration;

use serde_json::Value;

use super::stage::{Stage, enrol, verify};
use crate::support::{Server, eventually};

const SOON: Duration = Duration::from_secs(30);

/// Waits until `/readyz` is as wanted; gives its body.
#[track_caller]
fn readyz(server: &Server, status: u16, part: &str) -> Value {
    eventually(&format!("{status} with {part}"), SOON, || {
        let (found, body) = server.get("/readyz", "");
        (found == status && body.to_string().contains(part)).then_some(body)
    })
}

#[test]
fn without_the_database_codes_are_verified_and_only_lists_are_away() {
    let mut stage = Stage::initialised();
    let key = stage.tenant("acme", "account-profile");
    let ipi = stage.tenant("codes", "ipi");
    let (api, project) = (stage.start("api", "api"), stage.start("project", "project"));
    let codes = enrol(&api, &ipi, "ann");
    let body = "{\"account\":\"acme\",\"role\":\"admin\",\"use_2fa\":true}";
    assert_eq!(api.ask("PUT", "/v1/users/boss", &key, body).0, 200);

    stage.postgres.kill();
    let degraded = readyz(&api, 200, "database");
    assert!(degraded["degraded"]["database"].is_string(), "{degraded}");
    readyz(&project, 503, "database");
    assert_eq!(verify(&api, &ipi, "ann", &codes[0]).0, 200);
    assert_eq!(verify(&api, &ipi, "ann", &codes[0]).0, 422, "and only once");
    // Who else could help is advice from the read model: a login goes on without it.
    let (status, login) = api.ask("POST", "/v1/users/boss/challenges", &key, "{}");
    assert_eq!(status, 201, "{login}");
    for path in ["/v1/audit", "/v1/deliveries", "/v1/users/ann/audit"] {
        let (status, told) = api.get(path, &ipi);
        assert_eq!((status, told["code"].as_str()), (503, Some("unavailable")), "{path}: {told}");
        assert!(told["retry_after"].as_u64().is_some_and(|secs| secs > 0), "{told}");
    }
    // Started while it is away, a process answers panels all the same.
    let late = stage.start("api", "late");
    assert_eq!(verify(&late, &ipi, "ann", &codes[1]).0, 200);

    stage.postgres.restart().expect("a database server");
    readyz(&project, 200, "ready");
    let (_, done) = verify(&late, &ipi, "ann", &codes[2]);
    let path = format!("/v1/audit?min_position={}", done["position"]);
    eventually("the audit of all that", SOON, || (late.get(&path, &ipi).0 == 200).then_some(()));
    eventually("an end of degradation", SOON, || {
        let (_, body) = api.get("/readyz", "");
        (body["degraded"].as_object().is_some_and(serde_json::Map::is_empty)).then_some(())
    });
}

#[test]
fn without_the_broker_nothing_is_decided_and_everything_comes_back() {
    let mut stage = Stage::initialised();
    let key = stage.tenant("acme", "ipi");
    let (api, deliver) = (stage.start("api", "api"), stage.start("deliver", "deliver"));
    let project = stage.start("project", "project");
    let codes = enrol(&api, &key, "ann");

    stage.nats.kill();
    eventually("an honest answer", SOON, || {
        let (status, told) = verify(&api, &key, "ann", &codes[0]);
        assert_ne!(status, 200, "{told}");
        assert!(!matches!(status, 401 | 404 | 422), "never a judgement: {told}");
        (status == 503 && told["code"] == "unavailable").then_some(())
    });
    for server in [&api, &deliver, &project] {
        assert!(readyz(server, 503, "event_log")["troubles"]["event_log"].is_string());
        assert_eq!(server.get("/healthz", "").0, 200, "it lives: starting it anew would help nobody");
    }
    // Which keys are alive cannot be known for ever: after a while not even what is in memory is answered.
    eventually("no trust in old keys", SOON, || (api.get("/v1/settings", &key).0 == 503).then_some(()));

    stage.nats.restart().expect("a broker");
    for server in [&api, &deliver, &project] {
        readyz(server, 200, "\"troubles\":{}");
    }
    assert_eq!(verify(&api, &key, "ann", &codes[0]).0, 200, "the attempts without an answer used nothing up");
    assert_eq!(verify(&api, &key, "ann", &codes[0]).0, 422);
}

#[test]
fn a_projector_stands_by_and_takes_over() {
    let stage = Stage::initialised();
    let key = stage.tenant("acme", "ipi");
    let api = stage.start("api", "api");
    let (first, second) = (stage.start("project", "first"), stage.start("project", "second"));
    let write = |user: &str| {
        let (status, body) = api.ask("PUT", &format!("/v1/users/{user}"), &key, "{}");
        assert_eq!(status, 200, "{body}");
        format!("/v1/audit?user={user}&min_position={}", body["position"])
    };
    assert_eq!(api.get(&write("ann"), &key).0, 200);
    let active = |server: &Server| server.metric("twofold_projector_active") == Some(1.0);
    eventually("one at work", SOON, || active(&first).then_some(()));
    assert!(!active(&second), "one works, the other stands by");
    assert_eq!(second.get("/readyz", "").0, 200, "and is ready");
    first.kill();
    let path = write("bob");
    eventually("the other one at work", SOON, || (api.get(&path, &key).0 == 200).then_some(()));
    assert!(active(&second));
    stage.run(&["verify-log"]).code(0);
}

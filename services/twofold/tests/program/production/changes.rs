//! What is changed at one process is in force at the others within a second.

use std::time::Duration;

use super::stage::Stage;
use crate::support::{Server, eventually, word};

/// Invariant of the product.
const A_SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn status_becomes(server: &Server, key: &str, wanted: u16) {
    eventually(&format!("status {wanted}"), A_SECOND, || (server.get("/v1/settings", key).0 == wanted).then_some(()));
}

#[test]
fn a_key_revoked_at_one_api_is_dead_at_the_other_within_a_second() {
    let stage = Stage::initialised();
    let live = stage.tenant("acme", "ipi");
    let (one, other) = (stage.start("api", "one"), stage.start("api", "other"));
    let (status, made) = one.ask("POST", "/v1/api-keys", &live, "{\"mode\":\"live\",\"label\":\"second\"}");
    assert_eq!(status, 201, "{made}");
    let (second, id) = (made["key"].as_str().expect("a key"), made["id"].as_str().expect("an id"));
    assert_eq!(one.get("/v1/settings", second).0, 200);
    status_becomes(&other, second, 200);
    let path = format!("/v1/api-keys/{id}");
    assert!(one.ask("DELETE", &path, &live, "").0 < 300);
    assert_eq!(one.get("/v1/settings", second).0, 401);
    status_becomes(&other, second, 401);
}

#[test]
fn settings_and_suspension_reach_every_api_within_a_second() {
    let stage = Stage::initialised();
    let live = stage.tenant("acme", "ipi");
    let (one, other) = (stage.start("api", "one"), stage.start("api", "other"));
    assert_eq!(one.ask("PATCH", "/v1/settings", &live, "{\"brand\":\"Changed\"}").0, 200);
    eventually("the new brand", A_SECOND, || {
        (other.get("/v1/settings", &live).1["effective"]["brand"] == "Changed").then_some(())
    });
    stage.run(&["tenant", "suspend", "acme"]).code(0);
    status_becomes(&one, &live, 401);
    status_becomes(&other, &live, 401);
    stage.run(&["tenant", "resume", "acme"]).code(0);
    status_becomes(&one, &live, 200);
    status_becomes(&other, &live, 200);
    let key = word(&stage.run(&["key", "create", "--tenant", "acme", "--mode", "test"]).code(0).out, "tf_test_");
    status_becomes(&one, &key, 200);
    status_becomes(&other, &key, 200);
}

//! The log is away: 503, never "allowed" and never "wrong code" (invariant 6, C19).

use serde_json::json;

use super::table::{Needs, Route, fill, routes};
use crate::support::TestApp;

/// Asked with POST because of what is in the body; they change nothing and need nothing of the log.
const READS: [&str; 1] = ["/v1/templates/preview"];

#[tokio::test]
async fn no_write_answers_anything_but_503() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    tenant.enrol_totp("alice").await;
    let challenge = tenant.post("/v1/users/alice/challenges").json(&json!({})).expect(201).await;
    let ids = [
        ("user", "alice"),
        ("challenge", challenge["id"].as_str().expect("id")),
        ("enrolment", "enaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("account", "acme"),
        ("key", &*tenant.live_id),
        ("tenant", &*tenant.id),
    ];
    app.log.set_unavailable(true);
    let writes =
        |route: &Route| route.method != "GET" && route.needs != Needs::Signature && !READS.contains(&route.path);
    for route in routes().into_iter().filter(writes) {
        let key = if route.needs == Needs::Operator { &app.operator } else { &tenant.live };
        let call = app.call(route.method, &fill(route.path, &ids)).key(key);
        let answer = route.load(call).send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "unavailable"),
            "{} {}: {}",
            route.method,
            route.path,
            answer.text
        );
        assert!(answer.json().get("verified").is_none() && !answer.header("retry-after").is_empty());
    }
    // Reads of users come from the log as well.
    for path in ["/v1/users/alice", "/v1/users/alice/state", "/v1/users/alice/audit"] {
        tenant.get(path).expect(503).await;
    }
}

//! A key does what its scopes say and nothing else.

use serde_json::json;

use super::table::{Needs, fill, routes};
use crate::support::TestApp;

const SCOPES: [&str; 6] = ["login", "users", "audit", "settings", "keys", "delivery"];
const IDS: [(&str, &str); 6] = [
    ("user", "alice"),
    ("challenge", "chaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("enrolment", "enaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("account", "acme"),
    ("key", "kyaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("tenant", "tnaaaaaaaaaaaaaaaaaaaaaaaaaa"),
];

#[tokio::test]
async fn a_key_without_the_scope_answers_403() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for route in routes() {
        let keys = match route.needs {
            Needs::Nothing | Needs::Signature | Needs::AnyKey => continue,
            Needs::Operator => vec![tenant.live.clone(), tenant.test.clone()],
            Needs::Scope(needed) => {
                let others: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != needed).collect();
                vec![app.key_with(&tenant.id, &others).await, app.operator.clone()]
            }
        };
        for key in keys {
            let before = app.head().await;
            let call = app.call(route.method, &fill(route.path, &IDS)).key(&key);
            let answer = route.load(call).send().await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "scope_missing"),
                "{} {}: {}",
                route.method,
                route.path,
                answer.text
            );
            assert_eq!(app.head().await, before, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn any_key_may_read_presets() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let audit = app.key_with(&tenant.id, &["audit"]).await;
    for key in [&tenant.live, &tenant.test, &audit, &app.operator] {
        let listed = app.get("/v1/presets").key(key).expect(200).await;
        assert_eq!(listed["items"].as_array().expect("items").len(), 5);
        let one = app.get("/v1/presets/hostkey").key(key).expect(200).await;
        assert!(one["source"].as_str().expect("source").contains("HOSTKEY"));
        app.get("/v1/presets/none").key(key).expect(404).await;
    }
}

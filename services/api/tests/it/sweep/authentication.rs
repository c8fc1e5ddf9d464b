//! No key, no answer (C19, C20).

use serde_json::json;

use super::table::{Needs, fill, routes};
use crate::support::{Call, TestApp};

const IDS: [(&str, &str); 6] = [
    ("user", "alice"),
    ("challenge", "chaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("enrolment", "enaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("account", "acme"),
    ("key", "kyaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("tenant", "tnaaaaaaaaaaaaaaaaaaaaaaaaaa"),
];

#[tokio::test]
async fn without_a_usable_key_every_route_answers_401() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let mut cut = tenant.live.clone();
    cut.pop();
    let revoked = tenant.post("/v1/api-keys").json(&json!({ "label": "dead" })).expect(201).await;
    tenant.call("DELETE", &format!("/v1/api-keys/{}", revoked["id"].as_str().expect("id"))).expect(204).await;
    let live = format!("Bearer {}", tenant.live);
    let wrong: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![("authorization", "Bearer".into())],
        vec![("authorization", format!("Bearer {cut}"))],
        vec![("authorization", format!("Basic {}", tenant.live))],
        vec![("authorization", format!("Bearer {}", revoked["key"].as_str().expect("key")))],
        vec![("authorization", format!("Bearer {}", tenant.live.replace("tf_live_", "tf_op_")))],
        vec![("authorization", format!("Bearer {}", tenant.live.replace("tf_live_", "tf_test_")))],
        vec![("authorization", live.clone()), ("authorization", live.clone())],
        vec![("authorization", live), ("authorization", format!("Bearer {}", tenant.test))],
        vec![("x-api-key", tenant.live.clone())],
    ];
    for route in routes().into_iter().filter(|route| !matches!(route.needs, Needs::Nothing | Needs::Signature)) {
        for headers in &wrong {
            let mut call = app.call(route.method, &fill(route.path, &IDS));
            for (name, value) in headers {
                call = call.header(name, value);
            }
            let answer = route.load(call).send().await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "unauthorized"),
                "{} {} {headers:?}",
                route.method,
                route.path
            );
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
}

/// HEAD, other methods, trailing slashes, doubled slashes, other cases: nothing of it gets in, nothing breaks (C20).
#[tokio::test]
async fn variants_of_every_route_never_get_in_and_never_break() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for route in routes().into_iter().filter(|route| route.needs != Needs::Nothing) {
        let path = fill(route.path, &IDS);
        let paths = [
            path.clone(),
            format!("{path}/"),
            format!("/{path}"),
            path.to_uppercase(),
            format!("{path}%2F"),
            format!("{path};x=1"),
            format!("{path}/.."),
        ];
        for path in &paths {
            for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROBNICATE"] {
                let call: Call = app.call(method, path).bytes("application/json", b"{}".to_vec());
                let answer = call.clone().send().await;
                assert!((400..500).contains(&answer.status), "{method} {path} without a key: {}", answer.status);
                let answer = call.key(&tenant.live).send().await;
                assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_locked_out_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.get("/v1/settings").expect(200).await;
    app.post(&format!("/v1/operator/tenants/{}/suspend", tenant.id)).key(&app.operator).expect(200).await;
    tenant.get("/v1/settings").expect(401).await;
    app.post(&format!("/v1/operator/tenants/{}/resume", tenant.id)).key(&app.operator).expect(200).await;
    tenant.get("/v1/settings").expect(200).await;
}

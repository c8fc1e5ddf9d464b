//! What comes from outside is refused by name, and nothing of it breaks anything (C19, C26, C27).

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn bodies_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    tenant.enrol_totp("alice").await;
    let long = "x".repeat(600);
    let cases: Vec<(&str, &str, &str, String, u16, &str)> = vec![
        ("PUT", "/v1/users/alice", "application/json", json!({ "nickname": "x" }).to_string(), 422, "invalid_body"),
        ("PUT", "/v1/users/alice", "application/json", json!({ "email": 5 }).to_string(), 422, "invalid_body"),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "email": "not an address" }).to_string(),
            422,
            "invalid_field",
        ),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "email": "a@example.com\r\nBcc: b@example.com" }).to_string(),
            422,
            "invalid_field",
        ),
        ("PUT", "/v1/users/alice", "application/json", json!({ "phone": "12" }).to_string(), 422, "invalid_field"),
        ("PUT", "/v1/users/alice", "application/json", json!({ "role": "root" }).to_string(), 422, "invalid_body"),
        ("PUT", "/v1/users/alice", "application/json", json!({ "account": long }).to_string(), 422, "invalid_field"),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "account": "a\u{2028}b" }).to_string(),
            422,
            "invalid_field",
        ),
        ("PUT", "/v1/users/alice", "application/json", json!({ "locale": "e\0n" }).to_string(), 422, "invalid_field"),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "reason": "two\nlines" }).to_string(),
            422,
            "invalid_field",
        ),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "reason": "two\u{2028}lines" }).to_string(),
            422,
            "invalid_field",
        ),
        ("PUT", "/v1/users/alice", "application/json", json!({ "reason": long }).to_string(), 422, "invalid_field"),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "client": { "ip": "not an address" } }).to_string(),
            422,
            "invalid_field",
        ),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "actor": { "type": "god" } }).to_string(),
            422,
            "invalid_body",
        ),
        (
            "PUT",
            "/v1/users/alice",
            "application/json",
            json!({ "actor": { "type": "support", "id": "a\u{7}" } }).to_string(),
            422,
            "invalid_field",
        ),
        ("PUT", "/v1/users/alice", "application/json", "{\"email\":null,\"email\":null}".into(), 422, "invalid_body"),
        ("PUT", "/v1/users/alice", "application/json", "[1,2,3,4]".into(), 422, "invalid_body"),
        ("PUT", "/v1/users/alice", "application/json", "{".into(), 400, "malformed_json"),
        ("PUT", "/v1/users/alice", "application/json", "{} {}".into(), 400, "malformed_json"),
        ("PUT", "/v1/users/alice", "application/json", "\u{feff}{}".into(), 400, "malformed_json"),
        ("PUT", "/v1/users/alice", "application/json", "\0".into(), 400, "malformed_json"),
        ("PUT", "/v1/users/alice", "application/json", "[".repeat(60_000), 400, "malformed_json"),
        ("PUT", "/v1/users/alice", "application/json", " ".repeat(65_537), 413, "body_too_large"),
        ("PUT", "/v1/users/alice", "text/plain", "{}".into(), 415, "unsupported_media_type"),
        (
            "PUT",
            "/v1/users/alice",
            "application/x-www-form-urlencoded",
            "email=x".into(),
            415,
            "unsupported_media_type",
        ),
        ("PUT", "/v1/users/alice", "", "{}".into(), 415, "unsupported_media_type"),
        ("POST", "/v1/users/alice/verify", "application/json", "[\"123456\"]".into(), 422, "invalid_body"),
        ("POST", "/v1/users/alice/verify", "application/json", String::new(), 422, "invalid_body"),
        (
            "POST",
            "/v1/users/alice/verify",
            "application/json",
            json!({ "code": 123_456 }).to_string(),
            422,
            "invalid_body",
        ),
        (
            "POST",
            "/v1/users/alice/verify",
            "application/json",
            json!({ "code": "12345" }).to_string(),
            422,
            "malformed_code",
        ),
        (
            "POST",
            "/v1/users/alice/verify",
            "application/json",
            json!({ "code": "123456\0" }).to_string(),
            422,
            "malformed_code",
        ),
        (
            "POST",
            "/v1/users/alice/verify",
            "application/json",
            json!({ "code": "1".repeat(5000) }).to_string(),
            422,
            "malformed_code",
        ),
        (
            "POST",
            "/v1/users/alice/verify",
            "application/json",
            json!({ "code": "" }).to_string(),
            422,
            "malformed_code",
        ),
        ("PATCH", "/v1/settings", "application/json", json!({ "unknown": 1 }).to_string(), 422, "invalid_settings"),
        (
            "PATCH",
            "/v1/settings",
            "application/json",
            json!({ "totp": { "digits": 7 } }).to_string(),
            422,
            "invalid_settings",
        ),
        (
            "PATCH",
            "/v1/settings",
            "application/json",
            json!({ "brand": "a\u{2028}b" }).to_string(),
            422,
            "invalid_settings",
        ),
        ("PATCH", "/v1/settings", "application/json", "[]".into(), 422, "invalid_body"),
        ("PATCH", "/v1/settings", "application/json", "null".into(), 422, "invalid_body"),
        ("PUT", "/v1/channels/email", "application/json", json!({}).to_string(), 422, "invalid_field"),
        ("PUT", "/v1/channels/pigeon", "application/json", json!({}).to_string(), 404, "channel_not_found"),
        (
            "PUT",
            "/v1/accounts/acme",
            "application/json",
            json!({ "overrides": [] }).to_string(),
            422,
            "invalid_settings",
        ),
        ("POST", "/v1/api-keys", "application/json", json!({ "label": "" }).to_string(), 422, "invalid_field"),
        ("POST", "/v1/api-keys", "application/json", json!({ "label": "a\nb" }).to_string(), 422, "invalid_field"),
        (
            "POST",
            "/v1/api-keys",
            "application/json",
            json!({ "label": "x", "scopes": ["operator"] }).to_string(),
            422,
            "invalid_body",
        ),
        (
            "POST",
            "/v1/api-keys",
            "application/json",
            json!({ "label": "x", "scopes": [] }).to_string(),
            422,
            "invalid_field",
        ),
    ];
    let before = app.head().await;
    for (method, path, kind, body, status, code) in cases {
        let answer = tenant.call(method, path).bytes(kind, body.clone().into_bytes()).send().await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{method} {path} {shown:?}: {}",
            answer.text
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(!answer.json()["request_id"].as_str().expect("an id").is_empty());
    }
    assert_eq!(app.head().await, before, "nothing was written");
}

#[tokio::test]
async fn queries_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for (path, status) in [
        ("/v1/audit?nonsense=1", 400),
        ("/v1/audit?limit=1&limit=2", 400),
        ("/v1/audit?limit=0", 422),
        ("/v1/audit?limit=501", 422),
        ("/v1/audit?limit=x", 422),
        ("/v1/audit?kind=nothing", 422),
        ("/v1/audit?kind=", 422),
        ("/v1/audit?from=yesterday", 422),
        ("/v1/audit?user=%00", 422),
        ("/v1/audit?actor=a%0Ab", 422),
        ("/v1/audit?actor_type=god", 422),
        ("/v1/audit?outcome=maybe", 422),
        ("/v1/audit?order=up", 422),
        ("/v1/audit?format=xml", 422),
        ("/v1/audit?request_id=%0A", 422),
        ("/v1/audit?cursor=1.0.0000000000000000", 400),
        ("/v1/audit?cursor=%F0%9F%92%A3", 400),
        ("/v1/audit?min_position=-1", 422),
        ("/v1/deliveries?status=lost", 422),
        ("/v1/deliveries?channel=pigeon", 422),
        ("/v1/deliveries?format=csv", 400),
        ("/v1/users/alice/audit?user=bob", 400),
        ("/v1/users/alice/state?at=never", 422),
        ("/v1/users/alice/state?at=99999999999999999999", 422),
        ("/v1/users/alice/state?when=now", 400),
    ] {
        let answer = tenant.get(path).send().await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn every_id_a_panel_may_have_is_harmless() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for id in [
        "a%2Fb",
        "*",
        "%3E",
        "%2E%2E",
        "a.b",
        "a%20b",
        "%C3%BC",
        "%25",
        "a%3Fb",
        "a%23b",
        "'--",
        "%7B%7B7*7%7D%7D",
        "audit",
        "0",
    ] {
        let path = format!("/v1/users/{id}");
        let made = tenant.put(&path).json(&json!({})).expect(200).await;
        let read = tenant.get(&path).expect(200).await;
        assert_eq!(made["user"], read["user"], "{id}");
        let head = app.head().await.0;
        let audit = tenant.get(&format!("{path}/audit?min_position={head}")).expect(200).await;
        assert_eq!(audit["items"].as_array().expect("items").len(), 1, "{id}");
        assert_eq!(audit["items"][0]["user"], made["user"]);
    }
    for (id, status) in [
        ("%00", 422),
        ("a%0Ab", 422),
        ("%E2%80%A8", 422),
        ("%E2%80%AE", 422),
        ("%20", 422),
        ("%FF", 400),
        (&*"x".repeat(257), 422),
    ] {
        let answer = tenant.put(&format!("/v1/users/{id}")).json(&json!({})).send().await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text);
        let answer = tenant.get(&format!("/v1/users/{id}/audit")).send().await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text);
    }
}

/// The same user in another spelling is the same user (C30).
#[tokio::test]
async fn another_spelling_is_the_same_user() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("Alice", json!({})).await;
    tenant.enrol_totp("ALICE").await;
    assert_eq!(tenant.get("/v1/users/%20alice%20").expect(200).await["status"], "enabled");
}

#[tokio::test]
async fn request_ids_are_kept_when_usable() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let kept = tenant.get("/v1/users/nobody").header("x-request-id", "panel-1").send().await;
    assert_eq!((kept.header("x-request-id"), kept.json()["request_id"].as_str()), ("panel-1", Some("panel-1")));
    for bad in ["has blank", &"x".repeat(129), "<script>"] {
        let answer = tenant.get("/v1/users/nobody").header("x-request-id", bad).send().await;
        assert_ne!(answer.header("x-request-id"), bad);
    }
}

//! What belongs to another tenant answers exactly like what does not exist (invariant 4, C17, C21).

use serde_json::json;

use super::table::{Needs, Route, fill, routes};
use crate::support::{Answer, TestApp};

const MISSING: [(&str, &str); 6] = [
    ("user", "nobody"),
    ("challenge", "chaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("enrolment", "enaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("account", "nowhere"),
    ("key", "kyaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("message", "msaaaaaaaaaaaaaaaaaaaaaaaaaa"),
];

/// Asks with the key of a tenant made for this one question, so that writes of one answer do not colour the other.
async fn ask(app: &TestApp, route: &Route, name: &str, path: &str) -> Answer {
    let stranger = app.tenant(name, json!({ "methods": { "allowed": ["totp", "email"], "max_active": 2 } })).await;
    let call = app.call(route.method, path).key(&stranger.live).header("x-request-id", "the-same");
    route.load(call).send().await
}

/// The same answer but for the ids that were sent, and for what no two writes share: positions and fresh secrets.
fn comparable(answer: &Answer, ids: &[(&str, &str)]) -> String {
    let mut text = answer.text.clone();
    for (name, id) in ids {
        text = text.replace(id, &format!("<{name}>"));
    }
    for field in ["position", "id", "key", "created_at"] {
        text = without(&text, field);
    }
    let mut headers: Vec<&str> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    headers.sort_unstable();
    format!("{} {headers:?} {text}", answer.status)
}

/// Takes every value of a field away.
fn without(text: &str, field: &str) -> String {
    let start = format!("\"{field}\":");
    let mut parts = text.split(&start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([',', '}']).unwrap_or(part.len());
        out.push_str(&start);
        out.push('-');
        out.push_str(&part[end..]);
    }
    out
}

#[tokio::test]
async fn a_foreign_id_answers_like_a_missing_one() {
    let app = TestApp::start().await;
    let owner = app.tenant("owner", json!({ "methods": { "allowed": ["totp", "email"], "max_active": 2 } })).await;
    owner.user("alice", json!({ "email": "alice@example.com", "account": "acme" })).await;
    owner.enrol_totp("alice").await;
    let challenge = owner.post("/v1/users/alice/challenges").json(&json!({})).expect(201).await;
    let body = json!({ "method": "email", "reauth": { "confirmed": true } });
    let enrolment = owner.post("/v1/users/alice/enrolments").json(&body).expect(201).await;
    let message = app.newest_message(twofold_domain::Channel::Email).await;
    owner.put("/v1/accounts/acme").json(&json!({ "overrides": { "brand": "Acme" } })).expect(200).await;
    let foreign = [
        ("user", "alice"),
        ("challenge", challenge["id"].as_str().expect("id")),
        ("enrolment", enrolment["id"].as_str().expect("id")),
        ("account", "acme"),
        ("key", &*owner.live_id),
        ("message", message.as_str()),
    ];
    let mut compared = 0;
    for (number, route) in routes().into_iter().enumerate() {
        let Needs::Scope(_) = route.needs else { continue };
        let queries: &[&str] = match route.path {
            "/v1/audit" | "/v1/deliveries" => &["", "?user={user}"],
            "/v1/test/messages" => &["?user={user}"],
            _ => &[""],
        };
        for (variant, query) in queries.iter().enumerate() {
            let template = format!("{}{query}", route.path);
            let theirs = ask(&app, &route, &format!("a{number}-{variant}"), &fill(&template, &foreign)).await;
            let nobodys = ask(&app, &route, &format!("b{number}-{variant}"), &fill(&template, &MISSING)).await;
            // Lists of the stranger's own are not the same twice; they only must hold nothing of the owner.
            if MISSING.iter().any(|(name, _)| template.contains(&format!("{{{name}}}"))) {
                assert_eq!(
                    comparable(&theirs, &foreign),
                    comparable(&nobodys, &MISSING),
                    "{} {template}",
                    route.method
                );
            }
            assert!(
                !theirs.text.contains("alice@") && !theirs.text.contains("Acme"),
                "{} {template}: {}",
                route.method,
                theirs.text
            );
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared}");
    // Nothing of it touched the owner.
    let still = owner.get("/v1/users/alice").expect(200).await;
    assert_eq!(still["status"], "enabled");
    owner.get("/v1/settings").expect(200).await;
}

/// A challenge or enrolment of one user is none of another user of the same tenant.
#[tokio::test]
async fn ids_belong_to_their_user() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for user in ["alice", "bob"] {
        tenant.user(user, json!({})).await;
    }
    tenant.enrol_totp("alice").await;
    tenant.enrol_totp("bob").await;
    let challenge = tenant.post("/v1/users/alice/challenges").json(&json!({})).expect(201).await;
    let path = format!("/v1/users/bob/challenges/{}/verify", challenge["id"].as_str().expect("id"));
    let refused = tenant.post(&path).json(&json!({ "code": "123456" })).expect(404).await;
    assert_eq!(refused["code"], "challenge_not_found");
}

/// Live and test users of one tenant never meet.
#[tokio::test]
async fn a_test_key_sees_no_live_user_and_no_live_audit() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    app.get("/v1/users/alice").key(&tenant.test).expect(404).await;
    app.get("/v1/users/alice/audit").key(&tenant.test).expect(404).await;
    let head = app.head().await.0;
    let seen =
        app.get(&format!("/v1/audit?kind=user.registered&min_position={head}")).key(&tenant.test).expect(200).await;
    assert_eq!(seen["items"], json!([]));
}

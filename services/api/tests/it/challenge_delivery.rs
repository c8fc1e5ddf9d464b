//! What a login page learns of the message with the code.

use serde_json::{Value, json};
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, TenantId};
use twofold_engine::{DeadMessage, RequestContext};

use crate::support::{Tenant, TestApp};

/// A tenant whose user has codes by e-mail and an authenticator app. Her messages go to the test inbox, where the code can
/// be read; what becomes of them is written down by hand.
async fn with_two_methods(app: &TestApp) -> Tenant<'_> {
    let rules = json!({ "methods": { "allowed": ["totp", "email"], "max_active": 2 } });
    let made = app.tenant("one", rules).await;
    let tenant = Tenant { live: made.test.clone(), ..made };
    tenant.user("ada", json!({ "email": "ada@example.net", "locale": "de" })).await;
    tenant.enrol_totp("ada").await;
    let body = json!({ "method": "email", "reauth": { "confirmed": true, "session_verified": true } });
    let started = tenant.post("/v1/users/ada/enrolments").json(&body).expect(201).await;
    let code = tenant.get("/v1/test/messages?user=ada&limit=1").expect(200).await["items"][0]["code"].clone();
    let path = format!("/v1/users/ada/enrolments/{}/confirm", started["id"].as_str().expect("id"));
    tenant.post(&path).json(&json!({ "code": code })).expect(200).await;
    app.clock.advance_secs(60);
    tenant
}

async fn open(tenant: &Tenant<'_>) -> (String, Value) {
    let opened = tenant.post("/v1/users/ada/challenges").json(&json!({ "method": "email" })).expect(201).await;
    (format!("/v1/users/ada/challenges/{}", opened["id"].as_str().expect("id")), opened)
}

#[tokio::test]
async fn a_page_that_waits_for_a_code_sees_how_it_fares_and_what_else_to_try() {
    let app = TestApp::start().await;
    let tenant = with_two_methods(&app).await;
    let (path, opened) = open(&tenant).await;
    assert_eq!(opened["delivery"], json!({ "status": "pending", "message": "Der Code wird gerade gesendet." }));
    let message = app.newest_message(Channel::Email).await;
    let before = app.head().await;
    let seen = tenant.get(&path).expect(200).await;
    assert_eq!(
        (&seen["delivery"], &seen["id"], &seen["method"]),
        (&opened["delivery"], &opened["id"], &json!("email"))
    );
    assert_eq!((&seen["methods"], &seen["status"]), (&opened["methods"], &json!("code_required")));
    app.accepted(&tenant.id, &message, "250").await;
    assert_eq!(tenant.get(&path).expect(200).await["delivery"]["status"], "sent");
    app.clock.advance_secs(5);
    assert_eq!(open(&tenant).await.1["delivery"]["status"], "sent", "a page reloaded");
    let bounced = DeliveryEvent::Bounced { provider: None, cause: "bounced (5.1.1)".to_owned(), permanent: true };
    app.record(&tenant.id, &message, bounced).await;
    let failed = tenant.get(&path).expect(200).await["delivery"].clone();
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["message"], "Der Code konnte nicht zugestellt werden. Versuchen Sie es auf einem anderen Weg.");
    assert_eq!(failed["retry_with"], json!(["totp", "recovery_code"]));
    assert_eq!(app.head().await, before.plus(2), "looking changes nothing");
}

#[tokio::test]
async fn a_set_up_by_mail_tells_of_its_message_as_well() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "policy": "required", "methods": { "allowed": ["email", "totp"] } })).await;
    tenant.user("bob", json!({ "email": "bob@example.net" })).await;
    let body = json!({ "method": "email" });
    let opened = tenant.post("/v1/users/bob/challenges").json(&body).expect(201).await;
    assert_eq!((&opened["status"], &opened["delivery"]["status"]), (&json!("setup_required"), &json!("pending")));
    let message = app.newest_message(Channel::Email).await;
    let dead = DeliveryEvent::Dead { attempt: 3, cause: "permanent: recipient_refused".to_owned(), provider: None };
    app.record(&tenant.id, &message, dead).await;
    let path = format!("/v1/users/bob/challenges/{}", opened["id"].as_str().expect("id"));
    let seen = tenant.get(&path).expect(200).await;
    assert_eq!((&seen["delivery"]["status"], &seen["delivery"]["retry_with"]), (&json!("failed"), &json!(["totp"])));
    assert_eq!((&seen["enrolment"]["id"], &seen["method"]), (&opened["enrolment"]["id"], &json!("email")));
}

#[tokio::test]
async fn a_message_that_was_redriven_is_on_its_way_again_until_its_next_end() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "policy": "required", "methods": { "allowed": ["email"] } })).await;
    tenant.user("bob", json!({ "email": "bob@example.net" })).await;
    let opened = tenant.post("/v1/users/bob/challenges").json(&json!({ "method": "email" })).expect(201).await;
    let path = format!("/v1/users/bob/challenges/{}", opened["id"].as_str().expect("id"));
    let message = app.newest_message(Channel::Email).await;
    let dead = DeliveryEvent::Dead { attempt: 3, cause: "permanent: recipient_refused".to_owned(), provider: None };
    let id = TenantId::parse(&tenant.id).expect("an id");
    for end in [dead.clone(), dead] {
        app.record(&tenant.id, &message, end).await;
        assert_eq!(tenant.get(&path).expect(200).await["delivery"]["status"], "failed");
        let why = RequestContext { reason: Some("it is well again".to_owned()), ..RequestContext::system() };
        let redriven = app.engine.redrive(&id, Channel::Email, &message, &why).await;
        assert!(matches!(redriven, Ok(DeadMessage::Redriven(_))), "{redriven:?}");
        assert_eq!(tenant.get(&path).expect(200).await["delivery"]["status"], "pending");
    }
    app.accepted(&tenant.id, &message, "250").await;
    assert_eq!(tenant.get(&path).expect(200).await["delivery"]["status"], "sent");
}

#[tokio::test]
async fn an_authenticators_challenge_has_no_message_and_one_that_is_over_is_not_shown() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("ada", json!({})).await;
    tenant.user("bob", json!({})).await;
    tenant.enrol_totp("ada").await;
    let opened = tenant.post("/v1/users/ada/challenges").json(&json!({})).expect(201).await;
    let id = opened["id"].as_str().expect("id");
    let seen = tenant.get(&format!("/v1/users/ada/challenges/{id}")).expect(200).await;
    assert_eq!((seen.get("delivery"), &seen["digits"]), (None, &json!(6)));
    for path in [format!("/v1/users/bob/challenges/{id}"), "/v1/users/ada/challenges/nonsense".to_owned()] {
        assert_eq!(tenant.get(&path).expect(404).await["code"], "challenge_not_found");
    }
    app.clock.advance_secs(3600);
    tenant.get(&format!("/v1/users/ada/challenges/{id}")).expect(404).await;
}

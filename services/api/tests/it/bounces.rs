//! Bounces and complaints, and the suppression list.

use serde_json::{Value, json};
use twofold_domain::{Channel, MessageId};

use crate::support::{Answer, Tenant, TestApp};

const ADDRESS: &str = "ada@example.net";

async fn tenant<'a>(app: &'a TestApp, name: &str) -> Tenant<'a> {
    app.tenant(name, json!({ "methods": { "allowed": ["email", "totp"], "max_active": 2 } })).await
}

/// A live mail to a user, taken by a mail server.
async fn mail(tenant: &Tenant<'_>, user: &str, address: &str) -> MessageId {
    tenant.user(user, json!({ "email": address })).await;
    let body = json!({ "method": "email", "reauth": { "confirmed": true } });
    tenant.post(&format!("/v1/users/{user}/enrolments")).json(&body).expect(201).await;
    let message = tenant.app.newest_message(Channel::Email).await;
    tenant.app.accepted(&tenant.id, &message, "250 queued").await;
    message
}

/// A report in the form of RFC 6522.
fn report(kind: &str, fields: &str, message: &str) -> String {
    format!(
        "From: <>\r\nSubject: report\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type={kind}; boundary=\"b 1\"\r\n\r\n\
         --b 1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b 1\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n\r\n\
         --b 1\r\nContent-Type: message/rfc822\r\n\r\nTo: {ADDRESS}\r\nMessage-ID: <{message}@example.org>\r\n\r\ncode\r\n\
         --b 1--\r\n"
    )
}

fn bounce(status: &str, message: &str) -> String {
    let fields = format!("Reporting-MTA: dns; mx.example.net\r\n\r\nAction: failed\r\nStatus: {status}");
    report("delivery-status", &fields, message)
}

async fn hand_in(tenant: &Tenant<'_>, raw: &str) -> Answer {
    tenant.post("/v1/deliveries/bounces").bytes("message/rfc822", raw.as_bytes().to_vec()).send().await
}

#[tokio::test]
async fn a_bounce_ends_its_message_and_suppresses_an_address_that_does_not_exist() {
    let app = TestApp::start().await;
    let tenant = tenant(&app, "one").await;
    let full = mail(&tenant, "bob", "bob@example.net").await;
    let read = hand_in(&tenant, &bounce("4.2.2", full.as_str())).await.json();
    assert_eq!((read["kind"].as_str(), read["recorded"].as_bool()), (Some("bounced"), Some(true)));
    assert_eq!(app.stands(&tenant.id, &full).await, "failed");
    assert_eq!(tenant.suppressed("email", "bob@example.net").await, Value::Null);

    let gone = mail(&tenant, "ada", ADDRESS).await;
    let before = app.head().await;
    let raw = bounce("5.1.1", gone.as_str());
    let read = hand_in(&tenant, &raw).await.json();
    assert_eq!(read["position"], before.plus(2).0, "entry and suppression at once");
    assert_eq!(app.stands(&tenant.id, &gone).await, "failed");
    assert_eq!(tenant.suppressed("email", "Ada@EXAMPLE.net").await, Value::Null, "another mailbox");
    assert_eq!(tenant.suppressed("email", "ada@EXAMPLE.net").await, "bounced");
    assert_eq!(hand_in(&tenant, &raw).await.json()["recorded"], false);
    assert_eq!(app.head().await, before.plus(2));
    let audit = tenant.audit("&kind=delivery.bounced").await;
    assert_eq!(audit["items"][1]["details"]["cause"], "bounced (5.1.1)", "{audit}");
}

#[tokio::test]
async fn a_complaint_suppresses_and_leaves_the_message_as_it_was() {
    let app = TestApp::start().await;
    let tenant = tenant(&app, "one").await;
    let message = mail(&tenant, "ada", ADDRESS).await;
    let raw = report("feedback-report", "Feedback-Type: abuse\r\nVersion: 1", message.as_str());
    let read = hand_in(&tenant, &raw).await.json();
    assert_eq!((read["kind"].as_str(), read["recorded"].as_bool()), (Some("complaint"), Some(true)));
    assert_eq!(app.stands(&tenant.id, &message).await, "sent");
    assert_eq!(tenant.suppressed("email", ADDRESS).await, "complaint");
}

#[tokio::test]
async fn a_report_about_anothers_message_or_none_changes_nothing() {
    let app = TestApp::start().await;
    let (ours, theirs) = (tenant(&app, "ours").await, tenant(&app, "theirs").await);
    let message = mail(&ours, "ada", ADDRESS).await;
    mail(&theirs, "ada", ADDRESS).await;
    let before = app.head().await;
    let foreign = hand_in(&theirs, &bounce("5.1.1", message.as_str())).await;
    let unknown = hand_in(&theirs, &bounce("5.1.1", "msaaaaaaaaaaaaaaaaaaaaaaaaaa")).await;
    assert_eq!((foreign.status, foreign.text.as_str()), (200, unknown.text.as_str()));
    assert_eq!(foreign.json()["recorded"], false);
    let late = report("delivery-status", "\r\nAction: delayed\r\nStatus: 4.4.1", message.as_str());
    assert_eq!(hand_in(&ours, &late).await.json()["kind"], "nothing");
    assert_eq!(hand_in(&ours, "Subject: hello\r\n\r\nStatus: 5.1.1").await.code(), "not_a_report");
    let raw = bounce("5.1.1", message.as_str());
    let path = "/v1/deliveries/bounces";
    let as_json = ours.post(path).bytes("application/json", raw.clone().into_bytes()).send().await;
    assert_eq!((as_json.status, as_json.code().as_str()), (415, "unsupported_media_type"));
    let by_test = app.post(path).key(&ours.test).bytes("message/rfc822", raw.clone().into_bytes()).send().await;
    assert_eq!((by_test.status, by_test.code().as_str()), (403, "live_key_required"));
    let huge = format!("{raw}{}", "x".repeat(1024 * 1024));
    assert_eq!(hand_in(&ours, &huge).await.status, 413);
    assert_eq!(app.head().await, before);
    // A mailbox program's key does that and nothing else.
    let key = app.key_with(&ours.id, &["delivery"]).await;
    let taken = app.post(path).key(&key).bytes("message/rfc822", raw.into_bytes()).send().await;
    assert_eq!((taken.status, taken.json()["recorded"].as_bool()), (200, Some(true)));
    app.get("/v1/users/ada").key(&key).expect(403).await;
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_holds_nobodys_address() {
    let app = TestApp::start().await;
    let (tenant, other) = (tenant(&app, "one").await, tenant(&app, "two").await);
    for name in ["ada", "bob", "eve"] {
        let body = json!({ "channel": "email", "destination": format!("{name}@example.net"), "reason": "asked" });
        tenant.put("/v1/suppressions").json(&body).expect(200).await;
    }
    let bob = json!({ "channel": "email", "destination": "bob@example.net", "reason": "asked again" });
    tenant.post("/v1/suppressions/release").json(&bob).expect(200).await;
    let message = mail(&tenant, "dan", "dan@example.net").await;
    let position = hand_in(&tenant, &bounce("5.1.1", message.as_str())).await.json()["position"].clone();
    let path = format!("/v1/suppressions?limit=2&min_position={position}");
    let page = tenant.get(&path).expect(200).await;
    let causes = |page: &Value| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().map(|item| item["cause"].clone()).collect()
    };
    assert_eq!(causes(&page), ["bounced", "manual"], "{page}");
    assert_eq!(page["items"][0]["message_id"], message.as_str());
    assert!(!page.to_string().contains("example.net"), "{page}");
    let cursor = page["next_cursor"].as_str().expect("more");
    let rest = tenant.get(&format!("/v1/suppressions?cursor={cursor}")).expect(200).await;
    assert_eq!((causes(&rest), &rest["next_cursor"]), (vec![json!("manual")], &Value::Null));
    assert_eq!(other.get(&format!("/v1/suppressions?min_position={position}")).expect(200).await["items"], json!([]));
    other.get(&format!("/v1/suppressions?cursor={cursor}")).expect(400).await;
    // What the list shows is a name as well, of this tenant's list only.
    let body = json!({ "channel": "email", "destination": page["items"][0]["destination"], "reason": "it is back" });
    other.post("/v1/suppressions/release").json(&body).expect(200).await;
    assert_eq!(tenant.suppressed("email", "dan@example.net").await, "bounced");
    tenant.post("/v1/suppressions/release").json(&body).expect(200).await;
    assert_eq!(tenant.suppressed("email", "dan@example.net").await, Value::Null);
}

#[tokio::test]
async fn the_list_is_changed_by_people_with_a_name_and_a_reason() {
    let app = TestApp::start().await;
    let tenant = tenant(&app, "one").await;
    let actor = json!({ "type": "support", "id": "carol" });
    let body = json!({ "channel": "email", "destination": ADDRESS, "reason": "asked by telephone", "actor": actor });
    let listed = tenant.put("/v1/suppressions").json(&body).expect(200).await;
    assert_eq!((listed["suppressed"].as_bool(), listed["cause"].as_str()), (Some(true), Some("manual")));
    let head = app.head().await;
    assert_eq!(tenant.put("/v1/suppressions").json(&body).expect(200).await, listed, "twice is once");
    assert_eq!(app.head().await, head);
    let released = tenant.post("/v1/suppressions/release").json(&body).expect(200).await;
    assert_eq!(released["suppressed"], false);
    let audit = tenant.audit("&kind=destination.suppressed,destination.released").await;
    let items = audit["items"].as_array().expect("items");
    assert_eq!(items.len(), 2, "{audit}");
    for item in items {
        assert_eq!(item["actor"], json!({ "type": "support", "id": "carol" }));
        assert_eq!(item["reason"], "asked by telephone");
        assert!(!item.to_string().contains("example.net"), "{item}");
    }
    for (change, field) in [
        (json!({ "reason": " " }), "reason"),
        (json!({ "destination": "ada" }), "destination"),
        (json!({ "channel": "sms" }), "destination"),
    ] {
        let mut bad = body.clone();
        bad.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let problem = tenant.put("/v1/suppressions").json(&bad).expect(422).await;
        assert_eq!(problem["errors"][0]["field"], field);
    }
    assert_eq!(tenant.suppressed("email", ADDRESS).await, Value::Null);
}

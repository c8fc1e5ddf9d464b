//! Pausing what is sent, and looking at templates.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_provider_is_paused_and_resumed_with_a_reason_in_the_audit_trail() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let nothing = tenant.get("/v1/delivery").expect(200).await;
    assert_eq!((nothing["paused"].clone(), nothing["stopped_prefixes"].clone()), (json!([]), json!({})));
    let main = json!({ "channel": "sms", "provider": "main", "reason": "their status page is red" });
    let paused = tenant.post("/v1/delivery/pause").json(&main).expect(200).await;
    assert_eq!(paused["paused"], json!([{ "channel": "sms", "provider": "main" }]));
    let head = app.head().await;
    tenant.post("/v1/delivery/pause").json(&main).expect(200).await;
    assert_eq!(app.head().await, head, "no change, no event");
    assert_eq!(tenant.get("/v1/delivery").expect(200).await, paused);
    let all = json!({ "channel": "sms", "reason": "over" });
    let still = tenant.post("/v1/delivery/resume").json(&all).expect(200).await;
    assert_eq!(still["paused"], paused["paused"], "what was paused by itself stays so");
    let resumed = tenant.post("/v1/delivery/resume").json(&main).expect(200).await;
    assert_eq!(resumed["paused"], json!([]));
    let audit = tenant.audit("&kind=channel.paused").await;
    let item = &audit["items"][0];
    assert_eq!(
        (item["reason"].as_str(), item["details"]["provider"].as_str()),
        (Some("their status page is red"), Some("main")),
        "{item}"
    );
}

#[tokio::test]
async fn a_pause_without_a_reason_or_with_an_odd_provider_is_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let head = app.head().await;
    for (body, field) in [
        (json!({ "channel": "sms", "reason": " " }), "reason"),
        (json!({ "channel": "sms", "reason": "a\nb" }), "reason"),
        (json!({ "channel": "sms", "provider": "Main Street", "reason": "x" }), "provider"),
    ] {
        let problem = tenant.post("/v1/delivery/pause").json(&body).expect(422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    tenant.post("/v1/delivery/pause").json(&json!({ "channel": "fax", "reason": "x" })).expect(422).await;
    assert_eq!(app.head().await, head);
}

#[tokio::test]
async fn a_template_is_looked_at_with_settings_that_are_tried_out_and_not_kept() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "brand": "One" })).await;
    let seen = tenant
        .post("/v1/templates/preview")
        .json(&json!({ "kind": "login_code", "channel": "email", "locale": "de", "settings": { "brand": "Two" } }))
        .expect(200)
        .await;
    assert_eq!((seen["subject"].as_str(), seen["text"].as_str()), (Some("Two"), Some("123456 de")));
    assert_eq!(tenant.get("/v1/settings").expect(200).await["document"], json!({ "brand": "One" }));
    let unknown = json!({ "kind": "login", "channel": "sms" });
    let problem = tenant.post("/v1/templates/preview").json(&unknown).expect(422).await;
    assert_eq!(problem["errors"][0]["field"], "templates");
    let wrong = json!({ "kind": "login_code", "channel": "sms", "settings": { "brand": 7 } });
    let problem = tenant.post("/v1/templates/preview").json(&wrong).expect(422).await;
    assert_eq!(problem["code"], "invalid_settings");
}

#[tokio::test]
async fn a_channel_is_tried_out_ten_times_an_hour_and_what_the_provider_says_is_told() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let to = json!({ "to": "Ada@Example.com", "reason": "new relay" });
    let sent = tenant.post("/v1/channels/email/test").json(&to).expect(200).await;
    assert_eq!(
        (sent["accepted"].as_bool(), sent["provider_id"].as_str(), sent["cause"].is_null()),
        (Some(true), Some("Ada@example.com"), true)
    );
    tenant.put("/v1/channels/email").json(&json!({ "host": "refuses" })).expect(200).await;
    let refused = tenant.post("/v1/channels/email/test").json(&to).expect(200).await;
    assert_eq!(
        (refused["accepted"].as_bool(), refused["cause"].as_str()),
        (Some(false), Some("permanent: recipient_refused (550)"))
    );
    let audit = tenant.audit("&kind=channel.tested").await;
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(audit["items"][0]["reason"], "new relay");
    assert!(!audit.to_string().to_lowercase().contains("ada@"), "to whom is nobody's business");
    for _ in 0..8 {
        tenant.post("/v1/channels/email/test").json(&to).expect(200).await;
    }
    let head = app.head().await;
    let problem = tenant.post("/v1/channels/email/test").json(&to).expect(429).await;
    assert_eq!(problem["code"], "too_many_tests");
    tenant.post("/v1/channels/fax/test").json(&to).expect(404).await;
    assert_eq!(app.head().await, head);
}

#[tokio::test]
async fn a_test_message_goes_nowhere_a_usual_one_would_not_go() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "sms": { "countries": ["DE"] } })).await;
    let id = app.engine.tenant_id("one");
    let context = twofold_engine::RequestContext::system();
    app.engine.stop_prefix(&id, "+491", "pumping", &context).await.expect("stopped");
    let head = app.head().await;
    for (channel, to) in [("sms", "+33612345678"), ("sms", "+491701234567"), ("sms", "12"), ("email", "nobody")] {
        let problem = tenant.post(&format!("/v1/channels/{channel}/test")).json(&json!({ "to": to })).expect(422).await;
        assert_eq!(problem["errors"][0]["field"], "to", "{to}");
    }
    assert_eq!(app.head().await, head, "nothing was sent, and so nothing is recorded");
}

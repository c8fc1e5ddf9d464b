//! What became of messages, as support sees it.

use serde_json::{Value, json};
use twofold_domain::delivery::{DeliveryEvent, SmsRegion};
use twofold_domain::{Channel, MessageId};

use crate::support::{Tenant, TestApp};

fn rules() -> Value {
    json!({ "brand": "Example", "methods": { "allowed": ["email", "sms"], "max_active": 2 }, "sms": { "default_country": "GB" } })
}

async fn listed(tenant: &Tenant<'_>, filter: &str) -> Vec<String> {
    let head = tenant.app.head().await.0;
    let answer = tenant.get(&format!("/v1/deliveries?order=asc&min_position={head}{filter}")).expect(200).await;
    let ids = answer["items"].as_array().expect("items").iter();
    ids.map(|item| item["message_id"].as_str().expect("an id").to_owned()).collect()
}

async fn shown(tenant: &Tenant<'_>, key: &str, message: &MessageId) -> Value {
    // The list waits for the read model; the message itself is asked for with what the list has given.
    listed(tenant, "").await;
    tenant.app.get(&format!("/v1/deliveries/{message}")).key(key).expect(200).await
}

#[tokio::test]
async fn support_sees_every_attempt_and_report_of_a_message() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    let message = tenant.text_message("alice", "+447400123456").await;
    let provider = |name: &str| Some(name.to_owned());
    let region = Some(SmsRegion { country: "GB".to_owned(), prefix: "+44740".to_owned() });
    let events = [
        DeliveryEvent::Retrying { attempt: 1, cause: "503".to_owned(), provider: provider("main") },
        DeliveryEvent::Accepted { attempt: 2, provider_id: provider("SM1"), provider: provider("spare"), region },
        DeliveryEvent::Delivered { provider: provider("spare") },
    ];
    for event in events {
        app.clock.advance_secs(2);
        app.record(&tenant.id, &message, event).await;
    }
    let body = shown(&tenant, &tenant.live, &message).await;
    assert_eq!((body["status"].as_str(), body["attempts"].as_u64()), (Some("delivered"), Some(2)));
    assert_eq!((body["user"].as_str(), body["provider"].as_str()), (Some("alice"), Some("spare")));
    assert_eq!((body["country"].as_str(), body["prefix"].as_str()), (Some("GB"), Some("+44740")));
    assert_eq!(body["delivered_at"], app.now().to_rfc3339());
    assert_eq!(body["used_at"], Value::Null);
    let told = |entry: &Value| {
        ["result", "attempt", "provider", "cause"].map(|member| entry[member].to_string().replace('"', ""))
    };
    let history: Vec<_> = body["history"].as_array().expect("entries").iter().map(told).collect();
    let expected =
        [["retrying", "1", "main", "503"], ["accepted", "2", "spare", "null"], ["delivered", "null", "spare", "null"]];
    assert_eq!(history, expected);
    // The other mode's messages are none of a test key.
    let refused = app.get(&format!("/v1/deliveries/{message}")).key(&tenant.test).expect(404).await;
    assert_eq!(refused["code"], "message_not_found");
    tenant.get("/v1/deliveries/nonsense").expect(404).await;
}

#[tokio::test]
async fn a_code_that_was_typed_in_shows_its_message_as_used() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    let user = json!({ "email": "alice@example.com" });
    app.put("/v1/users/alice").key(&tenant.test).json(&user).expect(200).await;
    let body = json!({ "method": "email", "reauth": { "confirmed": true } });
    let started = app.post("/v1/users/alice/enrolments").key(&tenant.test).json(&body).expect(201).await;
    let message = app.newest_message(Channel::Email).await;
    let inbox = app.get("/v1/test/messages?user=alice").key(&tenant.test).expect(200).await;
    let confirm = format!("/v1/users/alice/enrolments/{}/confirm", started["id"].as_str().expect("id"));
    let code = json!({ "code": inbox["items"][0]["code"] });
    app.post(&confirm).key(&tenant.test).json(&code).expect(200).await;
    app.record(&tenant.id, &message, DeliveryEvent::Captured).await;
    let body = shown(&tenant, &tenant.test, &message).await;
    assert_eq!(body["status"], "used");
    assert_eq!(body["used_at"], app.now().to_rfc3339());
    assert_eq!(body["history"][0]["result"], "captured");
}

#[tokio::test]
async fn the_list_is_narrowed_by_provider_country_and_status() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    let (one, two) =
        (tenant.text_message("alice", "+447400123456").await, tenant.text_message("bob", "+447400123457").await);
    let region = |country: &str| Some(SmsRegion { country: country.to_owned(), prefix: "+44740".to_owned() });
    for (message, provider, country) in [(&one, "main", "GB"), (&two, "spare", "JE")] {
        let (provider_id, provider) = (None, Some(provider.to_owned()));
        let event = DeliveryEvent::Accepted { attempt: 1, provider_id, provider, region: region(country) };
        app.record(&tenant.id, message, event).await;
    }
    let bounced = DeliveryEvent::Bounced { provider: None, cause: "30003".to_owned(), permanent: false };
    app.record(&tenant.id, &two, bounced).await;
    let (one, two) = (one.to_string(), two.to_string());
    assert_eq!(listed(&tenant, "").await, [one.clone(), two.clone()]);
    assert_eq!(listed(&tenant, "&provider=main").await, [one.as_str()]);
    assert_eq!(listed(&tenant, "&country=JE").await, [two.as_str()]);
    assert_eq!(listed(&tenant, "&status=bounced").await, [two]);
    assert_eq!(listed(&tenant, "&status=accepted&provider=main&country=GB").await, [one]);
    assert!(listed(&tenant, "&provider=spare&country=GB").await.is_empty());
    for query in ["country=GBR", "country=", "provider=", "status=lost"] {
        tenant.get(&format!("/v1/deliveries?{query}")).expect(422).await;
    }
}

#[tokio::test]
async fn suppressed_destinations_are_listed_page_by_page_without_the_addresses() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    let mut position = 0;
    for name in ["ada", "bob", "cyd"] {
        let body = json!({ "channel": "email", "destination": format!("{name}@example.net"), "reason": "asked" });
        let put = tenant.put("/v1/suppressions").json(&body).send().await;
        assert_eq!(put.status, 200, "{}", put.text);
        position = put.json()["position"].as_u64().expect("a position");
    }
    let query = format!("/v1/suppressions?limit=2&min_position={position}");
    let first = tenant.get(&query).expect(200).await;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (first["items"][0]["cause"].as_str(), first["items"][0]["position"].as_u64()),
        (Some("manual"), Some(position))
    );
    assert!(!first.to_string().contains("example.net"), "{first}");
    let cursor = first["next_cursor"].as_str().expect("another page");
    let rest = tenant.get(&format!("/v1/suppressions?cursor={cursor}")).expect(200).await;
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(1), &Value::Null));
    let other = app.tenant("two", rules()).await;
    assert_eq!(other.get(&query).expect(200).await["items"], json!([]));
}

//! Status callbacks and inbound messages of Twilio.

use serde_json::{Value, json};
use twofold_api::ApiConfig;
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, TenantId};
use twofold_engine::{DeadMessage, DeliveryReport, Reported, ReportedBy, RequestContext};

use crate::support::twilio::{ACCOUNT, OLD_TOKEN, PUBLIC, TOKEN, Webhook, channel, sign, signed, signed_one};
use crate::support::{Tenant, TestApp};

const PHONE: &str = "+447400123456";

async fn house() -> TestApp {
    TestApp::start_with(ApiConfig { public_url: Some(PUBLIC.to_owned()), ..ApiConfig::default() }).await
}

async fn tenant<'a>(app: &'a TestApp, name: &str) -> Tenant<'a> {
    let tenant = app.tenant(name, json!({ "methods": { "allowed": ["sms", "totp"], "max_active": 2 } })).await;
    tenant.put("/v1/channels/sms").json(&channel(TOKEN)).expect(200).await;
    tenant
}

#[tokio::test]
async fn a_message_that_arrived_is_written_down_once_whatever_comes_after() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    app.accepted(&tenant.id, &message, "SM1").await;
    let id = message.as_str();
    let mut hooks = [
        Webhook::status(&tenant.id, id, "sent", &[("MessageSid", "SM1")]),
        Webhook::status(&tenant.id, id, "delivered", &[("MessageSid", "SM1")]),
        Webhook::status(&tenant.id, id, "undelivered", &[("MessageSid", "SM1"), ("ErrorCode", "30005")]),
    ];
    sign(&mut hooks);
    let before = app.head().await;
    assert_eq!(hooks[0].send(&app).await.status, 204);
    assert_eq!(app.head().await, before, "still on its way");
    assert_eq!(hooks[1].send(&app).await.status, 204);
    assert_eq!((app.head().await, app.stands(&tenant.id, &message).await), (before.plus(1), "delivered"));
    for hook in hooks.iter().cycle().take(9) {
        assert_eq!(hook.send(&app).await.status, 204);
    }
    assert_eq!(app.head().await, before.plus(1));
    assert_eq!(tenant.suppressed("sms", PHONE).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_is_written_down() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    for round in 0..10 {
        let message = tenant.text_message(&format!("user-{round}"), PHONE).await;
        app.accepted(&tenant.id, &message, "SM1").await;
        let before = app.head().await;
        let sid = [("MessageSid", "SM1")];
        let failed = [("MessageSid", "SM1"), ("ErrorCode", "30003")];
        let mut hooks = [
            Webhook::status(&tenant.id, message.as_str(), "delivered", &sid),
            Webhook::status(&tenant.id, message.as_str(), "undelivered", &failed),
        ];
        sign(&mut hooks);
        let calls: Vec<_> = hooks.iter().cycle().take(20).map(|hook| tokio::spawn(hook.call(&app).send())).collect();
        for call in calls {
            assert_eq!(call.await.expect("answered").status, 204);
        }
        assert_eq!(app.head().await, before.plus(1), "round {round}");
    }
}

#[tokio::test]
async fn a_number_that_does_not_exist_or_refuses_is_suppressed_and_one_that_is_switched_off_is_not() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    for (number, (state, code, cause)) in [
        ("undelivered", "30003", None),
        ("undelivered", "30005", Some("bounced")),
        ("failed", "21610", Some("opted_out")),
    ]
    .into_iter()
    .enumerate()
    {
        let phone = format!("+44740012345{number}");
        let message = tenant.text_message(&format!("user-{number}"), &phone).await;
        app.accepted(&tenant.id, &message, "SM1").await;
        let fields = [("MessageSid", "SM1"), ("ErrorCode", code)];
        let hook = signed_one(Webhook::status(&tenant.id, message.as_str(), state, &fields));
        assert_eq!(hook.send(&app).await.status, 204);
        assert_eq!(app.stands(&tenant.id, &message).await, "failed", "{code}");
        assert_eq!(tenant.suppressed("sms", &phone).await, json!(cause), "{code}");
    }
}

#[tokio::test]
async fn a_callback_that_is_faster_than_the_worker_waits_for_it() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    let fields = [("MessageSid", "SM1"), ("ErrorCode", "30003")];
    let hook = signed_one(Webhook::status(&tenant.id, message.as_str(), "undelivered", &fields));
    let early = tokio::spawn(hook.call(&app).send());
    // The worker is still writing down earlier attempts.
    let cause = "temporary: provider_busy".to_owned();
    app.record(&tenant.id, &message, DeliveryEvent::Retrying { attempt: 1, cause, provider: None }).await;
    app.accepted(&tenant.id, &message, "SM1").await;
    assert_eq!(early.await.expect("answered").status, 204);
    assert_eq!(app.stands(&tenant.id, &message).await, "failed");
}

#[tokio::test]
async fn of_a_redriven_message_the_end_before_counts_no_more() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    let dead = DeliveryEvent::Dead { attempt: 1, cause: "permanent: 30007".to_owned(), provider: None };
    app.record(&tenant.id, &message, dead).await;
    let id = TenantId::parse(&tenant.id).expect("an id");
    let redriven = app.engine.redrive(&id, Channel::Sms, &message, &RequestContext::system()).await;
    assert!(matches!(redriven, Ok(DeadMessage::Redriven(_))), "{redriven:?}");
    let by = ReportedBy::Provider { name: "default", id: Some("SM1") };
    let report =
        DeliveryReport { channel: Channel::Sms, message: &message, by, what: Reported::Delivered, suppress: None };
    // Once more the provider is faster than the worker's entry.
    let (reported, ()) =
        tokio::join!(biased; app.engine.report_delivery(&id, &report), app.accepted(&tenant.id, &message, "SM1"));
    assert!(matches!(reported, Ok(Some(_))), "{reported:?}");
    assert_eq!(app.stands(&tenant.id, &message).await, "delivered");
}

#[tokio::test]
async fn during_a_rotation_both_tokens_count_and_no_other_does() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    let status = Webhook::status(&tenant.id, message.as_str(), "sent", &[("MessageSid", "SM1")]);
    let mut hooks = [status.clone(), status.clone().with_token(OLD_TOKEN), status.clone().with_token("another")];
    sign(&mut hooks);
    for (hook, wanted) in hooks.iter().zip([204, 204, 403]) {
        assert_eq!(hook.send(&app).await.status, wanted, "{}", hook.token);
    }
    let mut rotated = channel("ffffffffffffffffffffffffffffffff");
    rotated["twilio"]["previous_auth_token"] = json!(null);
    tenant.put("/v1/channels/sms").json(&rotated).expect(200).await;
    for hook in &hooks {
        assert_eq!(hook.send(&app).await.status, 403, "{}", hook.token);
    }
}

#[tokio::test]
async fn a_json_body_is_vouched_for_by_the_query() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    app.accepted(&tenant.id, &message, "SM1").await;
    let path = format!("/v1/callbacks/twilio/{}/default/{message}", tenant.id);
    let body = json!({ "AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "delivered" }).to_string();
    let answer = signed(&[json!({ "token": TOKEN, "url": format!("{PUBLIC}{path}"), "body": body })]).remove(0);
    let called = answer["url"].as_str().expect("a URL").strip_prefix(PUBLIC).expect("ours").to_owned();
    let call = |body: &str| {
        let signature = answer["signature"].as_str().expect("signed");
        app.post(&called).header("x-twilio-signature", signature).bytes("application/json", body.as_bytes().to_vec())
    };
    let forged = body.replace("delivered", "undelivered");
    assert_eq!(call(&forged).send().await.status, 403);
    assert_eq!(call(&body).send().await.status, 204);
    assert_eq!(app.stands(&tenant.id, &message).await, "delivered");
}

#[tokio::test]
async fn stop_and_start_are_obeyed_once_each_and_free_nobody_else() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let mut hooks = [
        Webhook::inbound(&tenant.id, PHONE, "Stop", "SM11"),
        Webhook::inbound(&tenant.id, PHONE, "Start", "SM12"),
        Webhook::inbound(&tenant.id, PHONE, "please do not stop", "SM13"),
        Webhook::inbound(&tenant.id, PHONE, "START", "SM14"),
    ];
    sign(&mut hooks);
    let state = async || tenant.suppressed("sms", "07400 123456").await;
    tenant.call("PATCH", "/v1/settings").json(&json!({ "sms": { "default_country": "GB" } })).expect(200).await;
    assert_eq!(hooks[2].send(&app).await.status, 204);
    assert_eq!(state().await, Value::Null);
    assert_eq!(hooks[0].send(&app).await.status, 204);
    assert_eq!(state().await, "opted_out");
    assert_eq!(hooks[1].send(&app).await.status, 204);
    assert_eq!(state().await, Value::Null);
    // What was said once is not said again by repeating it.
    let before = app.head().await;
    assert_eq!(hooks[0].send(&app).await.status, 204);
    assert_eq!((state().await, app.head().await), (Value::Null, before));
    let manual = json!({ "channel": "sms", "destination": PHONE, "reason": "asked by telephone" });
    tenant.put("/v1/suppressions").json(&manual).expect(200).await;
    assert_eq!(hooks[3].send(&app).await.status, 204);
    assert_eq!(state().await, "manual", "only the owner's own STOP is his to take back");
}

/// The issue's own number: forged, replayed and foreign callbacks, ten thousand of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_forged_replayed_and_foreign_callbacks_change_nothing() {
    let app = house().await;
    let (ours, theirs) = (tenant(&app, "ours").await, tenant(&app, "theirs").await);
    theirs.put("/v1/channels/sms").json(&channel("99999999999999999999999999999999")).expect(200).await;
    let message = ours.text_message("ada", PHONE).await;
    app.accepted(&ours.id, &message, "SM1").await;
    let open = ours.text_message("bob", "+447400123457").await;
    app.accepted(&ours.id, &open, "SM2").await;
    let id = open.as_str();
    let done = signed_one(Webhook::status(&ours.id, message.as_str(), "delivered", &[("MessageSid", "SM1")]));
    assert_eq!(done.send(&app).await.status, 204);

    let failed = |tenant: &str, id: &str, sid: &str| {
        Webhook::status(tenant, id, "undelivered", &[("MessageSid", sid), ("ErrorCode", "30005")])
    };
    let mut genuine = vec![
        // Right signatures about the wrong things: the answer is 204 and says nothing.
        done.clone(),
        failed(&ours.id, message.as_str(), "SM1"),
        failed(&ours.id, id, "SM3"),
        failed(&ours.id, "msaaaaaaaaaaaaaaaaaaaaaaaaaa", "SM2"),
        failed(&ours.id, "no-message", "SM2"),
        failed(&ours.id, id, "SM2").with("AccountSid", "ACffffffffffffffffffffffffffffffff"),
        failed(&theirs.id, id, "SM2").with_token("99999999999999999999999999999999"),
        Webhook::status(&ours.id, id, "undelivered", &[("ErrorCode", "30005")]),
    ];
    let mut forged = vec![
        // Signed, but by or for somebody else.
        failed(&theirs.id, id, "SM2"),
        failed(&ours.id, id, "SM2").with_token("99999999999999999999999999999999"),
        failed("tnaaaaaaaaaaaaaaaaaaaaaaaaaa", id, "SM2"),
    ];
    sign(&mut genuine);
    sign(&mut forged);
    // The signature of one callback under another's address or words.
    let stolen = genuine[2].signature.clone();
    forged.push(Webhook { signature: stolen.clone(), ..failed(&ours.id, id, "SM2") });
    forged.push(Webhook { signature: stolen.to_lowercase(), ..genuine[2].clone() });
    forged.push(Webhook { signature: String::new(), ..genuine[2].clone() });
    let mut elsewhere = genuine[2].clone();
    elsewhere.path = elsewhere.path.replace("/default/", "/main/");
    forged.push(elsewhere);

    let before = app.head().await;
    let (mut sent, mut looked_at) = (0, 0);
    while sent < 10_000 {
        let batch: Vec<_> = genuine
            .iter()
            .map(|hook| (hook, 204))
            .chain(forged.iter().map(|hook| (hook, 403)))
            .cycle()
            .skip(sent % 15)
            .take(50)
            .map(|(hook, wanted)| {
                // The proxy in front says who calls: the forger is somebody else than the provider.
                let from = if wanted == 403 { "203.0.113.9" } else { "198.51.100.1" };
                let call = hook.call(&app).header("x-forwarded-for", from);
                tokio::spawn(async move { (call.send().await.status, wanted) })
            })
            .collect();
        sent += batch.len();
        for answer in batch {
            let (status, wanted) = answer.await.expect("answered");
            looked_at += usize::from(status == 403);
            assert!(status == wanted || (wanted == 403 && status == 429), "{status}, not {wanted}");
        }
    }
    assert_eq!(app.head().await, before, "no commit at all");
    // Those of a batch are judged side by side.
    assert!((100..=150).contains(&looked_at), "{looked_at}");
    assert_eq!((app.stands(&ours.id, &open).await, app.stands(&ours.id, &message).await), ("sent", "delivered"));
    assert_eq!(ours.suppressed("sms", "+447400123457").await, Value::Null);
    // And the true one still counts.
    let last = signed_one(failed(&ours.id, id, "SM2"));
    assert_eq!(last.send(&app).await.status, 204);
    assert_eq!((app.stands(&ours.id, &open).await, app.head().await), ("failed", before.plus(2)));
}

#[tokio::test]
async fn a_source_of_forged_callbacks_is_silenced_for_the_rest_of_the_minute_and_counted() {
    let app = house().await;
    let tenant = tenant(&app, "one").await;
    let message = tenant.text_message("ada", PHONE).await;
    app.accepted(&tenant.id, &message, "SM1").await;
    let sent = Webhook::status(&tenant.id, message.as_str(), "delivered", &[("MessageSid", "SM1")]);
    let genuine = signed_one(sent.clone());
    let forged = Webhook { signature: genuine.signature.to_lowercase(), ..genuine.clone() };
    let elsewhere =
        Webhook { path: genuine.path.replace(&tenant.id, "tnaaaaaaaaaaaaaaaaaaaaaaaaaa"), ..genuine.clone() };
    for hook in [&forged, &elsewhere].into_iter().cycle().take(100) {
        assert_eq!(hook.send(&app).await.status, 403);
    }
    let silenced = genuine.send(&app).await;
    assert_eq!((silenced.status, silenced.code().as_str()), (429, "too_many_refused"));
    let wait: i64 = silenced.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(genuine.call(&app).header("x-forwarded-for", "198.51.100.1").send().await.status, 204, "it is another");
    app.clock.advance_secs(wait);
    assert_eq!(genuine.send(&app).await.status, 204);
    let metrics = app.get("/metrics").send().await.text;
    for (outcome, count) in
        [("recorded", 1), ("nothing_new", 1), ("signature", 50), ("unknown", 50), ("limited", 1), ("too_large", 0)]
    {
        let line = format!("twofold_callbacks_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} {metrics}");
    }
}

#[tokio::test]
async fn without_a_public_address_or_with_a_flood_of_a_body_no_callback_counts() {
    let app = TestApp::start().await;
    let there = tenant(&app, "one").await;
    let hook = signed_one(Webhook::status(&there.id, "msaaaaaaaaaaaaaaaaaaaaaaaaaa", "sent", &[]));
    let refused = hook.send(&app).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "callback_refused"));
    let app = house().await;
    let there = tenant(&app, "one").await;
    let long = "x".repeat(20_000);
    let hook = Webhook::status(&there.id, "msaaaaaaaaaaaaaaaaaaaaaaaaaa", "sent", &[("Body", &long)]);
    assert_eq!(signed_one(hook).send(&app).await.status, 413);
}

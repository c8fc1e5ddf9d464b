//! Several providers: who is passed over, and why.

use serde_json::json;
use twofold_delivery::worker::{BreakerState, Worker};
use twofold_domain::{Channel, Method, Timestamp};
use twofold_engine::RequestContext;
use twofold_test_support::{HttpStub, Reaction};

use super::house::{House, until};
use super::panel::{NUMBER, Panel};
use super::worker_providers::{Pair, described, told};

const BRITISH: &str = "+447400123456";

#[tokio::test]
async fn a_numbers_country_decides_which_provider_is_asked() {
    let start = || HttpStub::start(|_| Reaction::status(200));
    let (german, other) = (start().await.expect("stub"), start().await.expect("stub"));
    let house = House::new([german.port(), other.port()].map(|port| format!("127.0.0.1:{port}")).to_vec());
    let mut panel = Panel::new(&house.engine().await, "acme").await;
    let mut for_germany = described("german", &german);
    for_germany["countries"] = json!(["DE"]);
    panel.channel(Channel::Sms, &json!({ "providers": [for_germany, described("other", &other)] })).await;
    let _worker = house.worker().await;
    for (n, (id, number, wanted)) in
        [("ada", NUMBER, "delivery.accepted german"), ("bea", BRITISH, "delivery.accepted other")]
            .into_iter()
            .enumerate()
    {
        panel.register(id, "a@example.net", number).await;
        panel.enrol(id, Method::Sms).await;
        assert_eq!(told(&house.end(n).await), [wanted]);
    }
    for_germany = described("german", &german);
    for_germany["countries"] = json!(["DE"]);
    panel.channel(Channel::Sms, &json!({ "providers": [for_germany] })).await;
    until("the change is in force", async || {
        let n = house.requests().await.len();
        panel.register(&format!("c{n}"), "a@example.net", BRITISH).await;
        panel.enrol(&format!("c{n}"), Method::Sms).await;
        told(&house.end(n).await) == ["delivery.dead  no_provider_for_country"]
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_left_alone_until_a_probe_shows_that_it_is_back() {
    let pair = Pair::new().await;
    let worker = Worker::new(pair.house.engine().await, pair.house.config()).expect("channels");
    let breakers = worker.breakers();
    let _running = pair.house.run(worker);
    for n in 0..5 {
        pair.first.plan(Reaction::status(503));
        pair.ask_for_code(&format!("u{n}")).await;
        assert_eq!(pair.house.end(n).await.len(), 2, "one failed, the other took it");
    }
    let rows = breakers.snapshot(Timestamp(1000));
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.tenant.as_ref(), row.provider.as_str()), (Some(&pair.panel.caller.tenant.id), "main"));
    assert_eq!((row.state, row.failures), (BreakerState::Open, 5));
    assert!(row.open_until.is_some_and(|until| until > Timestamp(1000)));
    pair.ask_for_code("u5").await;
    assert_eq!(told(&pair.house.end(5).await), ["delivery.accepted spare"]);
    assert_eq!(pair.first.requests().len(), 5, "nobody asked it");

    until("the provider is used again", async || {
        let n = pair.house.requests().await.len();
        pair.ask_for_code(&format!("u{n}")).await;
        told(&pair.house.end(n).await) == ["delivery.accepted main"]
    })
    .await;
    assert_eq!(breakers.snapshot(Timestamp(1000)), []);
}

#[tokio::test]
async fn a_paused_provider_is_passed_over_and_a_paused_channel_waits_until_it_is_resumed() {
    let pair = Pair::new().await;
    let (engine, tenant) = (&pair.panel.engine, &pair.panel.caller.tenant.id);
    let system = RequestContext::system();
    engine.pause_delivery(tenant, Channel::Sms, Some("main"), &system).await.expect("paused");
    let worker = pair.house.worker().await;
    pair.ask_for_code("ada").await;
    assert_eq!(told(&pair.house.end(0).await), ["delivery.accepted spare"]);

    engine.pause_delivery(tenant, Channel::Sms, None, &system).await.expect("paused");
    drop(worker);
    let worker = pair.house.worker().await;
    pair.ask_for_code("bea").await;
    until("it is taken up", async || worker.numbers().open == 1).await;
    assert!(pair.house.ledger(1).await.is_empty());
    engine.resume_delivery(tenant, Channel::Sms, None, &system).await.expect("resumed");
    engine.resume_delivery(tenant, Channel::Sms, Some("main"), &system).await.expect("resumed");
    assert_eq!(told(&pair.house.end(1).await).len(), 1);
    assert_eq!(pair.first.requests().len() + pair.second.requests().len(), 2);
}

#[tokio::test]
async fn no_message_goes_to_a_stopped_prefix() {
    let pair = Pair::new().await;
    let (engine, tenant) = (&pair.panel.engine, &pair.panel.caller.tenant.id);
    pair.ask_for_code("ada").await;
    engine.stop_prefix(tenant, "+49151", "pumping", &RequestContext::system()).await.expect("stopped");
    let _worker = pair.house.worker().await;
    assert_eq!(told(&pair.house.end(0).await), ["delivery.dead  prefix_stopped"]);
    assert!(pair.first.requests().is_empty());
}

#[tokio::test]
async fn a_provider_is_told_where_to_report_unless_it_is_told_otherwise() {
    let pair = Pair::new().await;
    let mut config = pair.house.config();
    config.public_url = Some("https://2fa.example.com/".to_owned());
    let _worker = pair.house.worker_with(pair.house.engine().await, config);
    pair.ask_for_code("ada").await;
    pair.house.end(0).await;
    let callback = |n: usize| {
        let form = pair.first.requests()[n].form();
        form.into_iter().find(|(key, _)| key == "StatusCallback").map(|(_, value)| value)
    };
    let (tenant, asked) = pair.house.requests().await.remove(0);
    let wanted = format!("https://2fa.example.com/v1/callbacks/twilio/{tenant}/main/{}", asked.message);
    assert_eq!(callback(0), Some(wanted));
}

#[tokio::test]
async fn a_limit_per_second_delays_and_loses_nothing() {
    let mut pair = Pair::new().await;
    let document = Pair::document(&pair.first, &pair.second, &json!({ "max_per_second": 4, "max_in_flight": 1 }));
    pair.panel.channel(Channel::Sms, &document).await;
    let _worker = pair.house.worker().await;
    for n in 0..10 {
        pair.ask_for_code(&format!("u{n}")).await;
    }
    for n in 0..10 {
        assert_eq!(told(&pair.house.end(n).await), ["delivery.accepted main"]);
    }
    assert!(pair.second.requests().is_empty(), "a busy provider is waited for");
}

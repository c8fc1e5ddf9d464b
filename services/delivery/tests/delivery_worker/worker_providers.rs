//! Several providers: who is asked next after which failure.

use serde_json::{Value, json};
use twofold_domain::delivery::{DeliveryEvent, SuppressionCause};
use twofold_domain::{Channel, Method};
use twofold_test_support::{HttpStub, Reaction, SinkOptions, SmtpSink, Stage, TwilioAccount, TwilioStub, twilio_error};

use super::house::{ACCOUNT_SID, House, SOON, mail_channel, twilio_channel, until};
use super::panel::{NUMBER, Panel, code_in};

const TOKEN: &str = "token-1";

/// Twilio first, then a described provider.
pub struct Pair {
    pub first: TwilioStub,
    pub second: HttpStub,
    pub house: House,
    pub panel: Panel,
}

impl Pair {
    pub async fn new() -> Self {
        let account = TwilioAccount {
            account_sid: ACCOUNT_SID.to_owned(),
            user: ACCOUNT_SID.to_owned(),
            password: TOKEN.to_owned(),
        };
        let first = TwilioStub::start(account).await.expect("stub");
        let second = HttpStub::start(|_| Reaction::status(200)).await.expect("stub");
        let house = House::new([first.port(), second.port()].map(|port| format!("127.0.0.1:{port}")).to_vec());
        let mut panel = Panel::new(&house.engine().await, "acme").await;
        panel.channel(Channel::Sms, &Self::document(&first, &second, &json!({}))).await;
        Self { first, second, house, panel }
    }

    /// The channel, with more fields for the first provider.
    pub fn document(first: &TwilioStub, second: &HttpStub, more: &Value) -> Value {
        let mut main = twilio_channel(&first.url(), TOKEN);
        main["name"] = json!("main");
        for (key, value) in more.as_object().into_iter().flatten() {
            main[key] = value.clone();
        }
        json!({ "providers": [main, described("spare", second)] })
    }

    pub async fn ask_for_code(&self, id: &str) {
        self.panel.register(id, &format!("{id}@example.net"), NUMBER).await;
        self.panel.enrol(id, Method::Sms).await;
    }
}

/// A provider with an HTTP interface.
pub fn described(name: &str, stub: &HttpStub) -> Value {
    let body = "{\"to\": {{ to }}, \"text\": {{ body }}, \"ref\": {{ reference }}}";
    json!({ "name": name, "provider": "http", "http": { "url": stub.url(), "format": "json", "body": body } })
}

/// Name, provider and cause of every entry.
pub fn told(entries: &[DeliveryEvent]) -> Vec<String> {
    let one = |event: &DeliveryEvent| {
        let (provider, cause) = match event {
            DeliveryEvent::Retrying { provider, cause, .. } | DeliveryEvent::Dead { provider, cause, .. } => {
                (provider.as_deref(), cause.as_str())
            }
            DeliveryEvent::Accepted { provider, .. } => (provider.as_deref(), ""),
            DeliveryEvent::Requested(_)
            | DeliveryEvent::Captured
            | DeliveryEvent::Expired { .. }
            | DeliveryEvent::Superseded
            | DeliveryEvent::Delivered { .. }
            | DeliveryEvent::Bounced { .. }
            | DeliveryEvent::HandingOver { .. }
            | DeliveryEvent::Redriven => (None, ""),
        };
        format!("{} {} {cause}", event.name(), provider.unwrap_or_default()).trim_end().to_owned()
    };
    entries.iter().map(one).collect()
}

#[tokio::test]
async fn after_a_definite_failure_the_next_provider_gets_the_same_code_at_once() {
    let pair = Pair::new().await;
    pair.first.plan(Reaction::status(503));
    let mut config = pair.house.config();
    // A pause would outlast the test.
    config.retry.first_pause_ms = 600_000;
    let _worker = pair.house.worker_with(pair.house.engine().await, config);
    pair.ask_for_code("ada").await;
    let entries = pair.house.end(0).await;
    assert_eq!(told(&entries), ["delivery.retrying main temporary: provider_busy (503)", "delivery.accepted spare"]);
    let DeliveryEvent::Accepted { attempt, region: Some(region), .. } = &entries[1] else { panic!("{entries:?}") };
    assert_eq!((*attempt, region.country.as_str(), region.prefix.as_str()), (2, "DE", "+49151"));

    let first = pair.first.requests()[0].form();
    let text = first.iter().find(|(key, _)| key == "Body").map(|(_, value)| value.as_str());
    let second: Value = serde_json::from_slice(&pair.second.requests()[0].body).expect("JSON");
    assert_eq!((text, second["to"].as_str()), (second["text"].as_str(), Some(NUMBER)));
    assert_eq!((pair.first.requests().len(), pair.second.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_provider_that_is_misconfigured_or_has_no_way_there_is_replaced_and_not_asked_again() {
    let pair = Pair::new().await;
    pair.first.plan(twilio_error(401, 20003, "Authenticate"));
    let _worker = pair.house.worker().await;
    pair.ask_for_code("ada").await;
    assert_eq!(
        told(&pair.house.end(0).await),
        ["delivery.retrying main misconfigured: credentials_refused (20003)", "delivery.accepted spare"]
    );
    pair.first.plan(twilio_error(400, 21408, "Permission"));
    pair.ask_for_code("bea").await;
    assert_eq!(
        told(&pair.house.end(1).await),
        ["delivery.retrying main permanent: region_not_enabled (21408)", "delivery.accepted spare"]
    );
}

#[tokio::test]
async fn a_recipient_who_opted_out_or_does_not_exist_is_left_alone_by_all() {
    let pair = Pair::new().await;
    let _worker = pair.house.worker().await;
    for (n, (code, wanted)) in [
        (21610, "delivery.dead main permanent: opted_out (21610)"),
        (21211, "delivery.dead main permanent: recipient_refused (21211)"),
    ]
    .into_iter()
    .enumerate()
    {
        pair.first.plan(twilio_error(400, code, "no"));
        let id = format!("u{n}");
        pair.panel.register(&id, &format!("{id}@example.net"), &format!("+491511234567{n}")).await;
        pair.panel.enrol(&id, Method::Sms).await;
        assert_eq!(told(&pair.house.end(n).await), [wanted]);
    }
    assert!(pair.second.requests().is_empty());
    for (n, wanted) in [Some(SuppressionCause::OptedOut), None].into_iter().enumerate() {
        let (tenant, asked) = pair.house.requests().await.remove(n);
        let listed = pair.panel.engine.suppression(&tenant, &asked.destination.fingerprint).await.expect("read").0;
        assert_eq!(
            listed.map(|listed| (listed.cause, listed.message)),
            wanted.map(|cause| (cause, Some(asked.message)))
        );
    }
}

#[tokio::test]
async fn what_may_have_been_handed_over_goes_out_no_second_time() {
    let pair = Pair::new().await;
    pair.first.plan(Reaction::Cut);
    let worker = pair.house.worker().await;
    pair.ask_for_code("ada").await;
    assert_eq!(told(&pair.house.end(0).await), ["delivery.dead main unknown: cut_after_request"]);
    worker.kill().await;
    let _worker = pair.house.worker().await;
    pair.ask_for_code("bea").await;
    assert_eq!(told(&pair.house.end(1).await), ["delivery.accepted main"]);
    assert_eq!((pair.first.requests().len(), pair.second.requests().len()), (2, 0));
}

#[tokio::test]
async fn a_worker_that_takes_a_message_up_goes_on_where_the_last_one_was() {
    let mut pair = Pair::new().await;
    let only = twilio_channel(&pair.first.url(), TOKEN);
    pair.panel.channel(Channel::Sms, &only).await;
    pair.first.plan(Reaction::status(503));
    let mut config = pair.house.config();
    config.retry.first_pause_ms = 600_000;
    let worker = pair.house.worker_with(pair.house.engine().await, config);
    pair.ask_for_code("ada").await;
    until("one attempt", async || !pair.house.ledger(0).await.is_empty()).await;
    worker.kill().await;
    let _worker = pair.house.worker().await;
    let entries = pair.house.end(0).await;
    assert_eq!(
        told(&entries),
        ["delivery.retrying default temporary: provider_busy (503)", "delivery.accepted default"]
    );
    assert!(matches!(entries[1], DeliveryEvent::Accepted { attempt: 2, .. }), "{:?}", entries[1]);
}

#[tokio::test]
async fn mail_goes_on_to_the_second_server_unless_the_recipient_is_refused() {
    let start = || SmtpSink::start(&SinkOptions::default()).expect("the sink starts");
    let (one, two) = (start(), start());
    let house = House::new([&one, &two].map(|sink| format!("localhost:{}", sink.port())).to_vec());
    let mut panel = Panel::new(&house.engine().await, "acme").await;
    let named = |name: &str, sink: &SmtpSink| {
        let mut channel = mail_channel(sink, "codes@acme.example");
        channel["name"] = json!(name);
        channel
    };
    panel.channel(Channel::Email, &json!({ "providers": [named("one", &one), named("two", &two)] })).await;
    let _worker = house.worker().await;
    one.behave(&[(Stage::Rcpt, "554 5.7.1 your address is on a list")]).expect("told");
    let enrolment = panel.newcomer("ada").await;
    assert_eq!(
        told(&house.end(0).await),
        ["delivery.retrying one permanent: relay_refused (554 5.7.1)", "delivery.accepted two"]
    );
    let mails = two.wait_for(1, SOON).await.expect("one mail");
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    one.behave(&[(Stage::Rcpt, "550 5.1.1 unknown")]).expect("told");
    panel.newcomer("bea").await;
    assert_eq!(told(&house.end(1).await), ["delivery.dead one permanent: recipient_refused (550 5.1.1)"]);
    assert_eq!((one.messages().expect("messages").len(), two.messages().expect("messages").len()), (0, 1));
}

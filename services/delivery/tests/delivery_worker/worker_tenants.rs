//! Channels of several tenants.

use twofold_delivery::worker::OperatorChannels;
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, Method};
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, SOON, mail_channel, until};
use super::panel::Panel;

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

fn near(sinks: &[&SmtpSink]) -> Vec<String> {
    sinks.iter().map(|sink| format!("localhost:{}", sink.port())).collect()
}

#[tokio::test]
async fn every_tenant_sends_through_its_own_channel_and_changes_take_effect() {
    let (one, two) = (sink(), sink());
    let house = House::new(near(&[&one, &two]));
    let engine = house.engine().await;
    let mut acme = Panel::new(&engine, "acme").await;
    acme.channel(Channel::Email, &mail_channel(&one, "codes@acme.example")).await;
    let mut beta = Panel::new(&engine, "beta").await;
    beta.channel(Channel::Email, &mail_channel(&two, "codes@beta.example")).await;
    let mut config = house.config();
    config.channel_concurrency = 1;
    let _worker = house.worker_with(house.engine().await, config);
    for n in 0..5 {
        acme.newcomer(&format!("a{n}")).await;
        beta.newcomer(&format!("b{n}")).await;
    }
    for (sink, from, user) in [(&one, "codes@acme.example", "a"), (&two, "codes@beta.example", "b")] {
        let mails = sink.wait_for(5, SOON).await.expect("all of them");
        assert!(mails.iter().all(|mail| mail.mail_from == from && mail.rcpt_tos[0].starts_with(user)));
        let connections: std::collections::BTreeSet<u16> = mails.iter().map(|mail| mail.peer_port).collect();
        assert_eq!(connections.len(), 1, "a connection is used again: {connections:?}");
    }
    for n in 0..10 {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
    }
    assert_eq!((one.messages().expect("messages").len(), two.messages().expect("messages").len()), (5, 5));

    acme.channel(Channel::Email, &mail_channel(&two, "new@acme.example")).await;
    until("the change is in force", async || {
        acme.newcomer(&format!("c{}", house.requests().await.len())).await;
        let n = house.requests().await.len() - 1;
        house.ended(n).await;
        two.messages().expect("messages").iter().any(|mail| mail.mail_from == "new@acme.example")
    })
    .await;
}

#[tokio::test]
async fn a_tenants_dead_provider_does_not_hold_up_the_others() {
    let (stuck, good) = (sink(), sink());
    let house = House::new(near(&[&stuck, &good]));
    let engine = house.engine().await;
    let mut acme = Panel::new(&engine, "acme").await;
    acme.channel(Channel::Email, &mail_channel(&stuck, "codes@acme.example")).await;
    let mut beta = Panel::new(&engine, "beta").await;
    beta.channel(Channel::Email, &mail_channel(&good, "codes@beta.example")).await;
    stuck.behave(&[(Stage::Mail, "hang")]).expect("told");
    let mut config = house.config();
    (config.concurrency, config.channel_concurrency) = (3, 2);
    let worker = house.worker_with(house.engine().await, config);
    for n in 0..10 {
        acme.newcomer(&format!("a{n}")).await;
    }
    until("stuck", async || worker.numbers().in_flight == 2).await;
    beta.newcomer("b").await;
    assert_eq!(house.ended(10).await, ["delivery.accepted"]);
    assert_eq!(worker.numbers().open, 10);
}

#[tokio::test]
async fn without_a_channel_there_is_no_delivery_and_the_ledger_says_so() {
    let sink = sink();
    let mut house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    house.operator = OperatorChannels::default();
    let _worker = house.worker().await;
    let wanted = DeliveryEvent::Dead { attempt: 0, cause: "channel_not_configured".to_owned(), provider: None };
    assert_eq!(house.end(0).await, [wanted]);
}

/// A process hears of a tenant's channel within a second, and the tenant's first code may be faster.
#[tokio::test]
async fn a_message_waits_for_the_channel_that_was_set_a_moment_ago() {
    let sink = sink();
    let mut house = House::new(vec![format!("localhost:{}", sink.port())]);
    house.operator = House::with_mail(&sink).operator;
    let mut panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    house.operator = OperatorChannels::default();
    let worker = house.worker().await;
    until("it is looked at", async || worker.numbers().open == 1).await;
    panel.channel(Channel::Email, &mail_channel(&sink, "codes@acme.example")).await;
    let entries = house.end(0).await;
    assert!(matches!(entries.as_slice(), [DeliveryEvent::Accepted { .. }]), "{entries:?}");
}

#[tokio::test]
async fn workers_of_one_channel_each_may_share_a_log() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    for n in 0..10 {
        panel.newcomer(&format!("a{n}")).await;
    }
    let mut workers = Vec::new();
    for channel in [Channel::Email, Channel::Sms] {
        let mut config = house.config();
        config.channels = [channel].into();
        workers.push(house.worker_with(house.engine().await, config));
    }
    for n in 10..20 {
        panel.newcomer(&format!("a{n}")).await;
    }
    for n in 0..20 {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
    }
    assert_eq!(sink.messages().expect("messages").len(), 20);
    assert_eq!(workers[1].numbers().accepted, 0);
    assert!(house.requests().await.iter().all(|(_, asked)| asked.channel == Method::Email.channel().expect("channel")));
}

//! What a killed worker leaves behind.

use twofold_crypto::{Keyring, MasterKey};
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, CommitId, MessageId};
use twofold_engine::Chain;
use twofold_event_log::{Append, Category, Expected, NewCommit, Seq, Subject, wire};
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, SOON, until};
use super::panel::{Panel, code_in};

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

#[tokio::test]
async fn a_message_in_flight_when_the_worker_dies_is_sent_by_the_next() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    let first = house.worker().await;
    let enrolment = panel.newcomer("ada").await;
    until("in flight", async || first.numbers().in_flight == 1).await;
    let status = first.status.clone();
    first.kill().await;
    until("nothing goes on after death", async || status.snapshot(twofold_domain::Timestamp(0)).open == 0).await;
    assert!(house.ledger(0).await.is_empty());
    sink.behave(&[]).expect("told");
    let second = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    let mails = sink.wait_for(1, SOON).await.expect("delivered");
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);

    // A third finds nothing left to do.
    second.kill().await;
    let third = house.worker().await;
    until("recovered", async || third.numbers().recovered).await;
    assert_eq!((third.numbers().open, sink.messages().expect("messages").len()), (0, 1));
    assert_eq!(house.ledger(0).await.len(), 1);
}

#[tokio::test]
async fn attempts_are_counted_across_workers() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Mail, "451 4.3.0 later")]).expect("told");
    panel.newcomer("ada").await;
    let mut config = house.config();
    config.retry.first_pause_ms = 60_000;
    let first = house.worker_with(house.engine().await, config);
    until("one failure", async || house.ledger(0).await.len() == 1).await;
    first.drain().await;
    assert_eq!(house.ledger(0).await.len(), 1, "waiting for a retry does not hold up a drain, and stays open");
    sink.behave(&[]).expect("told");
    let _second = house.worker().await;
    let Some(DeliveryEvent::Accepted { attempt, .. }) = house.end(0).await.pop() else { panic!("accepted") };
    assert_eq!(attempt, 2);
}

#[tokio::test]
async fn what_expired_while_nobody_worked_is_marked_and_what_did_not_is_sent() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    for n in 0..3 {
        panel.newcomer(&format!("late{n}")).await;
    }
    house.clock.advance_secs(600);
    for n in 0..3 {
        panel.newcomer(&format!("early{n}")).await;
    }
    let worker = house.worker().await;
    for n in 0..3 {
        assert_eq!(house.ended(n).await, ["delivery.expired"]);
        assert_eq!(house.ended(n + 3).await, ["delivery.accepted"]);
    }
    let mut to: Vec<String> = sink.messages().expect("messages").into_iter().flat_map(|m| m.rcpt_tos).collect();
    to.sort();
    assert_eq!(to, ["early0@example.net", "early1@example.net", "early2@example.net"]);
    until("closed", async || worker.numbers().open == 0).await;
    assert_eq!((worker.numbers().expired, worker.numbers().accepted, worker.numbers().oldest_age_ms), (3, 3, 0));
}

#[tokio::test]
async fn a_backlog_longer_than_a_page_is_taken_up_whole() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    for n in 0..300 {
        panel.newcomer(&format!("user{n}")).await;
    }
    house.clock.advance_secs(600);
    panel.newcomer("last").await;
    let mut config = house.config();
    config.open_messages = 7;
    let worker = house.worker_with(house.engine().await, config);
    until("all ended", async || worker.numbers().expired == 300).await;
    assert_eq!(house.ended(300).await, ["delivery.accepted"]);
}

#[tokio::test]
async fn a_request_that_nobody_of_ours_wrote_is_not_sent() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    let genuine = house.log.read_category(Category::Delivery, Seq::ZERO, 1).await.expect("read").remove(0);
    let (tenant, mut asked) = house.requests().await.remove(0);
    let put = async |message: MessageId, payload| {
        let subject = Subject::delivery(Channel::Email, &tenant, &message);
        let id = CommitId::from_bytes([9; 16]);
        let commit = NewCommit { subject, expected: Some(Expected::NoStream), id, payload };
        house.log.append(Append::one(commit)).await.expect("appended");
    };
    // What somebody with write access to the log, but without the master key, could put there.
    put(MessageId::from_bytes([1; 16]), genuine.payload.clone()).await;
    asked.message = MessageId::from_bytes([2; 16]);
    let meta = wire::decode(&genuine.subject, &genuine.payload).expect("readable").meta;
    let body = wire::encode_delivery(&meta, &[DeliveryEvent::Requested(asked.clone())]);
    let strange = Keyring::new(&MasterKey::from_text(&"fedcba9876543210".repeat(4)).expect("key"));
    let subject = Subject::delivery(Channel::Email, &tenant, &asked.message);
    let (payload, _) = Chain::start().seal(&strange, &subject, &CommitId::from_bytes([9; 16]), body);
    put(asked.message, payload).await;
    let worker = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    until("seen", async || worker.numbers().unreadable == 2).await;
    assert_eq!((worker.numbers().open, sink.messages().expect("messages").len()), (0, 1));
}

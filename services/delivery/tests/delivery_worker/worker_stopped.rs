//! Workers that are killed while a provider has the message.

use twofold_domain::delivery::DeliveryEvent;
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, until};
use super::panel::Panel;
use super::queue::MemoryQueue;
use super::storm::From;

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

async fn killed_while_the_provider_has_it(house: House, sink: SmtpSink, from: From) {
    let panel = Panel::new(&house.engine().await, "acme").await;
    // Kept, and never answered.
    sink.behave(&[(Stage::Data, "hang")]).expect("told");
    panel.newcomer("ada").await;
    let worker = house.worker_with(house.engine().await, from.config(&house));
    let noted = |event: &DeliveryEvent| matches!(event, DeliveryEvent::HandingOver { attempt: 1, .. });
    until("it is noted", async || house.whole_ledger(0).await.iter().any(noted)).await;
    worker.kill().await;
    sink.behave(&[]).expect("told");
    let _next = house.worker_with(house.engine().await, from.config(&house));
    let entries = house.end(0).await;
    let [DeliveryEvent::Dead { attempt: 1, cause, provider: Some(_) }] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(cause, "unknown: sender_stopped");
    assert_eq!(sink.messages().expect("messages").len(), 1, "nobody sends it once more");
}

#[tokio::test]
async fn what_a_provider_had_in_hand_when_the_process_was_killed_is_not_sent_again() {
    let sink = sink();
    killed_while_the_provider_has_it(House::with_mail(&sink), sink, From::Log).await;
}

#[tokio::test]
async fn what_a_provider_had_in_hand_when_a_worker_was_killed_is_not_sent_again_by_another() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let from = From::Queue(MemoryQueue::new(&house.log, std::time::Duration::from_millis(500)));
    killed_while_the_provider_has_it(house, sink, from).await;
}

#[tokio::test]
async fn what_no_provider_had_yet_when_the_process_was_killed_is_sent_by_the_next() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Rcpt, "hang")]).expect("told");
    panel.newcomer("ada").await;
    let worker = house.worker().await;
    until("it is being sent", async || worker.numbers().in_flight == 1).await;
    // Longer than a hand-over takes that is noted.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    worker.kill().await;
    sink.behave(&[]).expect("told");
    let _next = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    assert_eq!(house.whole_ledger(0).await.len(), 1);
    assert_eq!(sink.messages().expect("messages").len(), 1);
}

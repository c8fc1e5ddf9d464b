//! Workers that share a queue.

use std::sync::Arc;
use std::time::Duration;

use twofold_delivery::worker::WorkerConfig;
use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::{MemoryLog, WorkQueue};
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, Running, SOON, until};
use super::panel::Panel;
use super::queue::MemoryQueue;

/// Longer than any test: what comes again did not wait for it.
const FOR_EVER: Duration = Duration::from_hours(1);

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

fn config(house: &House, queue: &Arc<MemoryQueue>) -> WorkerConfig {
    house.config().from_queue(Arc::<MemoryQueue>::clone(queue) as Arc<dyn WorkQueue>)
}

async fn worker(house: &House, queue: &Arc<MemoryQueue>) -> Running {
    house.worker_with(house.engine().await, config(house, queue))
}

async fn in_house(sink: &SmtpSink, lasts: Duration) -> (House, Panel, Arc<MemoryQueue>) {
    let house = House::with_mail(sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    let queue = MemoryQueue::new(&house.log, lasts);
    (house, panel, queue)
}

fn mails(sink: &SmtpSink) -> usize {
    sink.messages().expect("messages").len()
}

#[tokio::test]
async fn two_workers_on_one_queue_send_every_message_once() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    for n in 0..20 {
        panel.newcomer(&format!("a{n}")).await;
    }
    let mut config = config(&house, &queue);
    config.open_messages = 2;
    let engines = [house.engine().await, house.engine().await];
    let workers = engines.map(|engine| house.worker_with(engine, config.clone()));
    for n in 20..40 {
        panel.newcomer(&format!("a{n}")).await;
    }
    for n in 0..40 {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
    }
    until("all are done", async || queue.open() == 0).await;
    assert_eq!((mails(&sink), queue.state().handed_out), (40, 40));
    let sent = workers.each_ref().map(|worker| worker.numbers().accepted);
    assert!(sent.iter().sum::<u64>() == 40 && sent.iter().all(|sent| *sent > 0), "{sent:?}");
    assert!(workers.iter().all(|worker| worker.numbers().recovered && worker.numbers().log_reachable));
}

#[tokio::test]
async fn what_a_killed_worker_carried_is_carried_by_another_when_its_claim_has_run_out() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    let first = worker(&house, &queue).await;
    panel.newcomer("ada").await;
    until("in flight", async || first.numbers().in_flight == 1).await;
    let second = worker(&house, &queue).await;
    first.kill().await;
    sink.behave(&[]).expect("told");
    panel.newcomer("bea").await;
    assert_eq!(house.ended(1).await, ["delivery.accepted"], "the other one goes on meanwhile");
    assert!(house.ledger(0).await.is_empty(), "the claim still stands");
    queue.run_out();
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    until("all are done", async || queue.open() == 0).await;
    assert_eq!((mails(&sink), second.numbers().accepted), (2, 2));
}

#[tokio::test]
async fn a_claim_is_kept_as_long_as_its_message_is_carried() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, Duration::from_millis(1500)).await;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    let workers = [worker(&house, &queue).await, worker(&house, &queue).await];
    panel.newcomer("ada").await;
    until("extended again and again", async || queue.state().extended >= 8).await;
    assert_eq!(queue.state().handed_out, 1);
    assert_eq!(workers.iter().map(|worker| worker.numbers().open).sum::<u64>(), 1);
}

#[tokio::test]
async fn what_a_worker_has_no_room_for_is_left_to_others() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    for n in 0..20 {
        panel.newcomer(&format!("a{n}")).await;
    }
    let mut small = config(&house, &queue);
    small.open_messages = 2;
    let small = house.worker_with(house.engine().await, small);
    until("full", async || small.numbers().in_flight == 2).await;
    assert_eq!(queue.state().handed_out, 2);
    let large = worker(&house, &queue).await;
    until("the rest is elsewhere", async || large.numbers().open == 18).await;
    assert_eq!(small.numbers().open, 2);
}

#[tokio::test]
async fn a_worker_that_stops_gives_back_at_once_what_it_has_not_attempted() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    let mut config = config(&house, &queue);
    config.channel_concurrency = 1;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    for id in ["ada", "bea", "cay"] {
        panel.newcomer(id).await;
    }
    config.grace = SOON;
    let first = house.worker_with(house.engine().await, config);
    until("one under way, two behind it", async || (first.numbers().in_flight, first.numbers().open) == (1, 3)).await;
    first.stop.cancel();
    until("given back", async || queue.state().given_back == [Duration::ZERO; 2]).await;
    sink.behave(&[]).expect("told");
    let _second = worker(&house, &queue).await;
    until("two are sent by another", async || mails(&sink) >= 2).await;
    drop(first);
}

#[tokio::test]
async fn a_worker_that_stops_between_two_attempts_gives_back_for_the_rest_of_the_pause() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    sink.behave(&[(Stage::Mail, "451 4.3.0 later")]).expect("told");
    panel.newcomer("ada").await;
    let mut config = config(&house, &queue);
    config.retry.first_pause_ms = 3000;
    let first = house.worker_with(house.engine().await, config);
    until("one failure", async || house.ledger(0).await.len() == 1).await;
    sink.behave(&[]).expect("told");
    first.drain().await;
    let pauses = queue.state().given_back.clone();
    assert!(pauses.len() == 1 && pauses[0] <= Duration::from_secs(3) && !pauses[0].is_zero(), "{pauses:?}");
    let _second = worker(&house, &queue).await;
    let Some(DeliveryEvent::Accepted { attempt, .. }) = house.end(0).await.pop() else { panic!("accepted") };
    assert_eq!(attempt, 2, "the ledger says what was tried before");
}

#[tokio::test]
async fn a_message_that_is_at_its_end_is_not_sent_again_when_the_queue_was_not_told() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    queue.state().lose_done = 2;
    let first = worker(&house, &queue).await;
    panel.newcomer("ada").await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    until("told in vain", async || queue.state().lose_done == 1).await;
    until("carried to its end", async || first.numbers().open == 0).await;
    let _second = worker(&house, &queue).await;
    for left in [0, 0] {
        queue.run_out();
        until("told again", async || queue.state().lose_done == left).await;
    }
    until("done", async || queue.open() == 0).await;
    assert_eq!((house.ledger(0).await.len(), mails(&sink)), (1, 1));
}

#[tokio::test]
async fn a_message_that_comes_again_while_it_is_carried_here_is_not_carried_twice() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    sink.behave(&[(Stage::Mail, "hang")]).expect("told");
    let worker = worker(&house, &queue).await;
    panel.newcomer("ada").await;
    until("in flight", async || worker.numbers().in_flight == 1).await;
    for times in 2..5 {
        queue.run_out();
        until("handed out again", async || queue.state().handed_out == times).await;
    }
    assert_eq!((worker.numbers().open, worker.numbers().in_flight), (1, 1));
    assert_eq!(queue.open(), 1);
}

#[tokio::test]
async fn a_queue_that_is_away_delays_and_loses_nothing() {
    let sink = sink();
    let (house, panel, queue) = in_house(&sink, FOR_EVER).await;
    queue.state().away = true;
    let worker = worker(&house, &queue).await;
    panel.newcomer("ada").await;
    until("asked in vain by all that ask", async || queue.state().refused > 16).await;
    queue.state().away = false;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    until("well again", async || worker.numbers().log_reachable).await;
}

#[tokio::test]
async fn a_log_that_is_away_while_a_message_is_taken_up_delays_it() {
    let sink = sink();
    let log = MemoryLog::new();
    let house = House::with_mail_on(Arc::new(log.clone()), &sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    let queue = MemoryQueue::new(&house.log, FOR_EVER);
    let engine = house.engine().await;
    panel.newcomer("ada").await;
    log.set_unavailable(true);
    let worker = house.worker_with(engine, config(&house, &queue));
    until("seen", async || !worker.numbers().log_reachable).await;
    log.set_unavailable(false);
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    until("done", async || queue.open() == 0).await;
    assert_eq!(mails(&sink), 1);
}

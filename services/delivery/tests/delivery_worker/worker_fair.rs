//! One tenant's storm or dead provider, and the others.

use std::sync::Arc;
use std::time::Duration;

use twofold_crypto::KeyStore;
use twofold_domain::{Channel, TenantId};
use twofold_event_log::Category;
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, Running, mail_channel, until};
use super::panel::Panel;
use super::queue::MemoryQueue;
use super::storm::{From, Gate, Storm, all, arrivals, ends, outcomes};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_hours(1);

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

fn queue(house: &House) -> From {
    From::Queue(MemoryQueue::new(&house.log, FOR_EVER))
}

fn waiting(worker: &Running) -> u64 {
    worker.numbers().queues.iter().map(|queue| queue.waiting + queue.in_flight).sum()
}

/// Whether a worker knows of so many messages, however it remembers them.
fn has_seen(worker: &Running, from: &From, total: u64) -> bool {
    match from {
        From::Log => waiting(worker) == total,
        From::Queue(queue) => u64::from(queue.state().handed_out) >= total,
    }
}

/// 20,000 messages of one tenant lie before 40 of ten others, and all are seen before the first is sent.
async fn the_others_are_among_the_first(house: House, from: From) {
    const STORM: u64 = 20_000;
    let mut storm = Storm::new(&house, "stormy").await;
    let engine = house.engine().await;
    let mut quiet = Vec::new();
    for n in 0..10 {
        quiet.push(Panel::new(&engine, &format!("quiet{n}")).await);
    }
    let gate = Gate::before(&house.store);
    let config = from.config(&house);
    let worker = house.worker_with(house.engine_with(Arc::<Gate>::clone(&gate) as Arc<dyn KeyStore>).await, config);
    storm.rage(&house, STORM).await;
    for (n, panel) in quiet.iter().enumerate() {
        for user in 0..4 {
            panel.newcomer(&format!("u{n}-{user}")).await;
        }
    }
    let total = STORM + 1 + 40;
    until("all are seen", async || has_seen(&worker, &from, total)).await;
    gate.open.send_replace(true);
    let others = |ends: &[TenantId]| ends.iter().filter(|tenant| **tenant != storm.tenant).count();
    until("the others have theirs", async || others(&ends(&house).await) == 40).await;
    let ends = ends(&house).await;
    let last = ends.iter().rposition(|tenant| *tenant != storm.tenant).expect("some");
    assert!(last < 2000, "the last of the others was number {last}");
    let numbers = worker.numbers();
    // How many of the storm a worker holds at this moment is the queue's affair: that it still waits is the rule.
    let row = &numbers.queues[0].tenants[0];
    assert!(
        numbers.queues[0].channel == Channel::Email && row.tenant == storm.tenant && row.waiting > 0,
        "{numbers:?}"
    );
}

#[tokio::test]
async fn a_storm_of_one_tenant_in_the_log_does_not_delay_the_others() {
    let sink = sink();
    the_others_are_among_the_first(House::with_mail(&sink), From::Log).await;
}

#[tokio::test]
async fn a_storm_of_one_tenant_in_the_queue_does_not_delay_the_others() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let from = queue(&house);
    the_others_are_among_the_first(house, from).await;
}

/// More than there is room for: positions are read again in their turn, what was given back comes again.
async fn all_arrive_once(house: House, sink: SmtpSink, from: From) {
    let mut storm = Storm::new(&house, "stormy").await;
    let mut config = from.config(&house);
    (config.open_messages, config.channel_concurrency) = (48, 4);
    storm.rage(&house, 400).await;
    let worker = house.worker_with(house.engine().await, config);
    storm.rage(&house, 100).await;
    until("all ended", async || worker.numbers().accepted == 501).await;
    assert_eq!(outcomes(&house).await, [("delivery.accepted", 501)].into());
    let arrivals = arrivals(&sink);
    assert!(arrivals.len() == 501 && arrivals.values().all(|times| *times == 1));
    if let From::Queue(queue) = from {
        until("the queue knows it", async || queue.open() == 0).await;
        let given_back = queue.state().given_back.clone();
        let (least, most) = (given_back.iter().min(), given_back.iter().max());
        let (soon, late) = (Duration::from_millis(150), Duration::from_secs(5));
        assert!(!given_back.is_empty() && least >= Some(&soon) && most <= Some(&late), "{given_back:?}");
    }
    until("closed", async || waiting(&worker) + worker.numbers().open == 0).await;
}

#[tokio::test]
async fn messages_of_the_log_beyond_a_tenants_share_arrive_once() {
    let sink = sink();
    all_arrive_once(House::with_mail(&sink), sink, From::Log).await;
}

#[tokio::test]
async fn messages_of_the_queue_beyond_a_tenants_share_arrive_once() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let from = queue(&house);
    all_arrive_once(house, sink, from).await;
}

/// The time of a storm runs out while its first messages are under way.
async fn the_rest_expires(house: House, sink: SmtpSink, from: From) {
    let mut storm = Storm::new(&house, "stormy").await;
    let gate = Gate::before(&house.store);
    let mut config = from.config(&house);
    config.channel_concurrency = 4;
    let worker = house.worker_with(house.engine_with(Arc::<Gate>::clone(&gate) as Arc<dyn KeyStore>).await, config);
    storm.rage(&house, 700).await;
    until("some are under way", async || worker.numbers().queues.first().is_some_and(|queue| queue.in_flight == 4))
        .await;
    until("all are seen", async || has_seen(&worker, &from, 701)).await;
    house.clock.advance_secs(4000);
    until("the rest is over", async || worker.numbers().expired == 697).await;
    gate.open.send_replace(true);
    until("and those too", async || worker.numbers().open == 0).await;
    let outcomes = outcomes(&house).await;
    assert_eq!(outcomes.values().sum::<usize>(), 701, "{outcomes:?}");
    assert_eq!(outcomes.get("delivery.expired").copied().unwrap_or_default(), 701, "{outcomes:?}");
    assert!(sink.messages().expect("messages").is_empty(), "nothing is sent after its time");
    if let From::Queue(queue) = from {
        until("the queue knows it", async || queue.open() == 0).await;
    }
}

#[tokio::test]
async fn what_runs_out_of_time_in_the_log_is_written_down_and_not_sent() {
    let sink = sink();
    the_rest_expires(House::with_mail(&sink), sink, From::Log).await;
}

#[tokio::test]
async fn what_runs_out_of_time_in_the_queue_is_written_down_and_not_sent() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let from = queue(&house);
    the_rest_expires(house, sink, from).await;
}

/// A worker dies in the middle of a storm.
async fn nothing_is_lost_with_a_worker(house: House, sink: SmtpSink, from: From) {
    let mut storm = Storm::new(&house, "stormy").await;
    let mut config = from.config(&house);
    (config.open_messages, config.channel_concurrency) = (48, 4);
    storm.rage(&house, 300).await;
    let mut alive = house.worker_with(house.engine().await, config.clone());
    for ended in [20, 60, 120] {
        until("some ended", async || all(&house, Category::Ledger).await.len() >= ended).await;
        alive.kill().await;
        if let From::Queue(queue) = &from {
            queue.run_out();
        }
        alive = house.worker_with(house.engine().await, config.clone());
    }
    until("all ended", async || ends(&house).await.len() >= 301).await;
    let outcomes = outcomes(&house).await;
    let of = |name| outcomes.get(name).copied().unwrap_or_default();
    // On a busy machine the sink may be noted for its slowness, and what it had in hand at a death is not sent again.
    let (accepted, lost) = (of("delivery.accepted"), of("delivery.dead"));
    assert!(accepted + lost == 301 && outcomes.values().sum::<usize>() == 301, "{outcomes:?}");
    let arrivals = arrivals(&sink);
    let twice = arrivals.values().sum::<usize>() - arrivals.len();
    assert!(arrivals.len() >= accepted && arrivals.values().all(|times| *times <= 4), "{arrivals:?}");
    assert!(twice + lost <= 3 * 4, "only what was under way at a death: {twice} came twice, {lost} are given up");
}

#[tokio::test]
async fn a_worker_that_dies_in_a_storm_of_the_log_loses_nothing() {
    let sink = sink();
    nothing_is_lost_with_a_worker(House::with_mail(&sink), sink, From::Log).await;
}

#[tokio::test]
async fn a_worker_that_dies_in_a_storm_of_the_queue_loses_nothing() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let from = queue(&house);
    nothing_is_lost_with_a_worker(house, sink, from).await;
}

#[tokio::test]
async fn many_tenants_with_dead_providers_do_not_take_every_place() {
    let (stuck, good) = (sink(), sink());
    let house = House::new([&stuck, &good].map(|sink| format!("localhost:{}", sink.port())).to_vec());
    let engine = house.engine().await;
    stuck.behave(&[(Stage::Mail, "hang")]).expect("told");
    let mut dead = Vec::new();
    for n in 0..12 {
        let mut panel = Panel::new(&engine, &format!("dead{n}")).await;
        panel.channel(Channel::Email, &mail_channel(&stuck, "codes@dead.example")).await;
        dead.push(panel);
    }
    let mut config = house.config();
    (config.concurrency, config.channel_concurrency) = (8, 4);
    let worker = house.worker_with(house.engine().await, config);
    for (n, panel) in dead.iter().enumerate() {
        for user in 0..4 {
            panel.newcomer(&format!("d{n}-{user}")).await;
        }
    }
    until("more hang than there are places", async || worker.numbers().in_flight >= 12).await;
    let mut panel = Panel::new(&engine, "good").await;
    panel.channel(Channel::Email, &mail_channel(&good, "codes@good.example")).await;
    for user in 0..6 {
        panel.newcomer(&format!("g{user}")).await;
    }
    for n in 48..54 {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
    }
    assert_eq!(worker.numbers().accepted, 6);
}

//! Servers that refuse, hang up or are away; a log that is away; a message that goes wrong in unforeseen ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use twofold_crypto::{KeyStore, Lookup, StoreFuture};

use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::{Fault, MemoryLog};
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, until};
use super::panel::{Panel, code_in};

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

fn cause(event: &DeliveryEvent) -> &str {
    let (DeliveryEvent::Retrying { cause, .. } | DeliveryEvent::Dead { cause, .. }) = event else {
        panic!("{event:?}")
    };
    cause
}

#[tokio::test]
async fn two_temporary_failures_then_one_mail() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Rcpt, "450 4.2.1 ada@example.net is busy")]).expect("told");
    let enrolment = panel.newcomer("ada").await;
    let mut config = house.config();
    config.retry.first_pause_ms = 1000;
    let worker = house.worker_with(house.engine().await, config);
    until("two failures", async || house.ledger(0).await.len() == 2).await;
    sink.behave(&[]).expect("told");
    let entries = house.end(0).await;
    let names: Vec<_> = entries.iter().map(DeliveryEvent::name).collect();
    assert_eq!(names, ["delivery.retrying", "delivery.retrying", "delivery.accepted"]);
    assert_eq!(cause(&entries[0]), "temporary: recipient_deferred (450 4.2.1)");
    let mails = sink.messages().expect("messages");
    assert_eq!(mails.len(), 1);
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    assert_eq!(worker.numbers().retried, 2);
}

#[tokio::test]
async fn a_permanent_refusal_is_final() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Rcpt, "550 5.1.1 <ada@example.net> unknown")]).expect("told");
    panel.newcomer("ada").await;
    let _worker = house.worker().await;
    let entries = house.end(0).await;
    assert_eq!((entries.len(), cause(&entries[0])), (1, "permanent: recipient_refused (550 5.1.1)"));
}

#[tokio::test]
async fn attempts_are_bounded() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Mail, "451 4.3.0 later")]).expect("told");
    panel.newcomer("ada").await;
    let mut config = house.config();
    (config.retry.first_pause_ms, config.retry.max_attempts) = (1, 3);
    let _worker = house.worker_with(house.engine().await, config);
    assert_eq!(house.ended(0).await, ["delivery.retrying", "delivery.retrying", "delivery.dead"]);
}

#[tokio::test]
async fn a_code_that_ran_out_while_the_provider_was_down_is_never_sent() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Mail, "451 4.3.0 later")]).expect("told");
    panel.newcomer("ada").await;
    let worker = house.worker().await;
    until("one failure", async || !house.ledger(0).await.is_empty()).await;
    // 300 s of life; with less than 20 s left nothing is begun any more.
    house.clock.advance_secs(281);
    sink.behave(&[]).expect("told");
    assert_eq!(house.ended(0).await.last(), Some(&"delivery.expired"));
    assert!(sink.messages().expect("messages").is_empty());
    until("counted", async || worker.numbers().expired == 1).await;
}

#[tokio::test]
async fn an_attempt_with_an_unknown_end_is_the_last_one() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    sink.behave(&[(Stage::Data, "cut")]).expect("told");
    let enrolment = panel.newcomer("ada").await;
    let worker = house.worker().await;
    let entries = house.end(0).await;
    let names: Vec<_> = entries.iter().map(DeliveryEvent::name).collect();
    assert_eq!((names, cause(&entries[0])), (vec!["delivery.dead"], "unknown: cut_after_data"));
    // It had been handed over, and the code in it works.
    let mails = sink.messages().expect("messages");
    assert_eq!(mails.len(), 1);
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    drop(worker);
}

#[tokio::test]
async fn an_outcome_is_recorded_once_although_the_log_is_away_and_forgets_to_answer() {
    let sink = sink();
    let log = MemoryLog::new();
    let house = House::with_mail_on(Arc::new(log.clone()), &sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    for fault in [Fault::Unavailable, Fault::Unavailable, Fault::AckLost] {
        log.fail_next_append(fault);
    }
    let _worker = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    panel.register("bea", "bea@example.net", super::panel::NUMBER).await;
    assert_eq!((house.ledger(0).await.len(), sink.messages().expect("messages").len()), (1, 1));
}

#[tokio::test]
async fn a_log_that_is_away_delays_and_loses_nothing() {
    let sink = sink();
    let log = MemoryLog::new();
    let house = House::with_mail_on(Arc::new(log.clone()), &sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    let engine = house.engine().await;
    log.set_unavailable(true);
    let worker = house.worker_with(engine, house.config());
    assert!(!worker.numbers().recovered && !worker.numbers().log_reachable);
    log.set_unavailable(false);
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    assert!(worker.numbers().log_reachable);
}

/// A key store with a defect that shows once.
#[derive(Debug)]
struct Defective {
    inner: Arc<dyn KeyStore>,
    armed: AtomicBool,
}

impl KeyStore for Defective {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        assert!(!self.armed.swap(false, Ordering::SeqCst), "a defect");
        self.inner.get(owner)
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        self.inner.put_if_absent(owner, wrapped)
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        self.inner.replace(owner, old, new)
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        self.inner.destroy(owner)
    }
}

#[tokio::test]
async fn a_panic_over_one_message_leaves_the_others_alone() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    let store = Arc::new(Defective { inner: Arc::clone(&house.store), armed: AtomicBool::new(true) });
    let worker = house.worker_with(house.engine_with(store).await, house.config());
    let entries = house.end(0).await;
    assert_eq!((entries.len(), cause(&entries[0])), (1, "internal_error"));
    panel.newcomer("bea").await;
    assert_eq!(house.ended(1).await, ["delivery.accepted"]);
    until("closed", async || (worker.numbers().open, worker.numbers().in_flight) == (0, 0)).await;
}

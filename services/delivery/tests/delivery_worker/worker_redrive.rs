//! Dead messages that an operator gives another chance, or puts away.

use std::sync::Arc;
use std::time::Duration;

use twofold_delivery::worker::WorkerConfig;
use twofold_domain::{Channel, MessageId, TenantId};
use twofold_engine::{DeadMessage, Engine, EngineError, RequestContext};
use twofold_event_log::WorkQueue;
use twofold_test_support::{SinkOptions, SmtpSink, Stage};

use super::house::{House, until};
use super::panel::{Panel, code_in};
use super::queue::MemoryQueue;

/// Longer than any test: what comes again did not wait for it.
const FOR_EVER: Duration = Duration::from_hours(1);
const REFUSED: (Stage, &str) = (Stage::Rcpt, "550 5.1.1 unknown");

struct Scene {
    sink: SmtpSink,
    house: House,
    panel: Panel,
    engine: Arc<Engine>,
    queue: Option<Arc<MemoryQueue>>,
}

impl Scene {
    /// A server that refuses, and workers that follow the log or share a queue.
    async fn new(queued: bool) -> Self {
        let sink = SmtpSink::start(&SinkOptions::default()).expect("the sink starts");
        sink.behave(&[REFUSED]).expect("told");
        let house = House::with_mail(&sink);
        let engine = house.engine().await;
        let panel = Panel::new(&engine, "acme").await;
        let queue = queued.then(|| MemoryQueue::new(&house.log, FOR_EVER));
        Self { sink, house, panel, engine, queue }
    }

    fn config(&self) -> WorkerConfig {
        let config = self.house.config();
        match &self.queue {
            Some(queue) => config.from_queue(Arc::<MemoryQueue>::clone(queue) as Arc<dyn WorkQueue>),
            None => config,
        }
    }

    async fn message(&self, n: usize) -> (TenantId, MessageId) {
        let (tenant, asked) = self.house.requests().await.remove(n);
        (tenant, asked.message)
    }

    async fn redrive(&self) -> Result<DeadMessage, EngineError> {
        let (tenant, message) = self.message(0).await;
        self.engine.redrive(&tenant, Channel::Email, &message, &because("the server is well again")).await
    }
}

fn because(reason: &str) -> RequestContext {
    RequestContext { reason: Some(reason.to_owned()), ..RequestContext::system() }
}

#[tokio::test]
async fn a_redriven_message_is_sent_with_the_code_it_had_on_either_intake() {
    for queued in [false, true] {
        let scene = Scene::new(queued).await;
        let worker = scene.house.worker_with(scene.house.engine().await, scene.config());
        let enrolment = scene.panel.newcomer("ada").await;
        assert_eq!(scene.house.ended(0).await, ["delivery.dead"], "queued: {queued}");
        scene.sink.behave(&[]).expect("told");
        assert!(matches!(scene.redrive().await, Ok(DeadMessage::Redriven(_))), "queued: {queued}");
        until("it is sent", async || scene.house.ledger(0).await.len() == 2).await;
        assert_eq!(scene.house.ended(0).await, ["delivery.dead", "delivery.accepted"]);
        let mails = scene.sink.messages().expect("messages");
        assert_eq!(mails.len(), 1);
        assert!(scene.panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
        assert_eq!(scene.redrive().await.expect("asked"), DeadMessage::NotDead);
        if let Some(queue) = &scene.queue {
            until("both are done", async || queue.open() == 0).await;
        }
        drop(worker);
    }
}

#[tokio::test]
async fn a_message_redriven_while_no_worker_runs_is_taken_up_by_the_next_one_once() {
    for queued in [false, true] {
        let scene = Scene::new(queued).await;
        let first = scene.house.worker_with(scene.house.engine().await, scene.config());
        scene.panel.newcomer("ada").await;
        assert_eq!(scene.house.ended(0).await, ["delivery.dead"]);
        first.drain().await;
        scene.sink.behave(&[]).expect("told");
        assert!(matches!(scene.redrive().await, Ok(DeadMessage::Redriven(_))));
        assert_eq!(scene.redrive().await.expect("asked"), DeadMessage::NotDead, "it is open");
        let second = scene.house.worker_with(scene.house.engine().await, scene.config());
        until("it is sent", async || scene.house.ledger(0).await.len() == 2).await;
        // What is asked for behind it comes to its end, and so has whatever there was before it.
        scene.panel.newcomer("bea").await;
        let bea = scene.house.requests().await.len() - 1;
        assert_eq!(scene.house.ended(bea).await, ["delivery.accepted"]);
        assert_eq!(scene.house.ended(0).await, ["delivery.dead", "delivery.accepted"], "queued: {queued}");
        assert_eq!(scene.sink.messages().expect("messages").len(), 2);
        drop(second);
    }
}

#[tokio::test]
async fn a_message_that_fails_again_is_dead_again_and_may_be_redriven_again() {
    let scene = Scene::new(false).await;
    let _worker = scene.house.worker_with(scene.house.engine().await, scene.config());
    scene.panel.newcomer("ada").await;
    assert_eq!(scene.house.ended(0).await, ["delivery.dead"]);
    for ends in 2..4 {
        assert!(matches!(scene.redrive().await, Ok(DeadMessage::Redriven(_))));
        until("dead again", async || scene.house.ledger(0).await.len() == ends).await;
    }
    assert_eq!(scene.house.ended(0).await, ["delivery.dead"; 3]);
}

#[tokio::test]
async fn one_whose_time_is_over_is_put_away_and_never_sent() {
    let scene = Scene::new(false).await;
    let worker = scene.house.worker_with(scene.house.engine().await, scene.config());
    scene.panel.newcomer("ada").await;
    assert_eq!(scene.house.ended(0).await, ["delivery.dead"]);
    scene.sink.behave(&[]).expect("told");
    scene.house.clock.advance_secs(301);
    assert!(matches!(scene.redrive().await, Ok(DeadMessage::Dropped(_))));
    assert_eq!(scene.house.ended(0).await, ["delivery.dead", "delivery.expired"]);
    assert_eq!(scene.redrive().await.expect("asked"), DeadMessage::NotDead);
    worker.drain().await;
    assert!(scene.sink.messages().expect("messages").is_empty());
}

#[tokio::test]
async fn only_dead_messages_of_the_tenant_itself_are_redriven_or_dropped() {
    let scene = Scene::new(false).await;
    scene.panel.newcomer("ada").await;
    assert_eq!(scene.redrive().await.expect("asked"), DeadMessage::NotDead, "it waits for a worker");
    let (tenant, message) = scene.message(0).await;
    let other = Panel::new(&scene.engine, "other").await;
    drop(other);
    let (other, why) = (scene.engine.tenant_id("other"), because("mistaken"));
    assert_ne!(other, tenant);
    let of_other = scene.engine.redrive(&other, Channel::Email, &message, &why).await;
    assert_eq!(of_other.expect("asked"), DeadMessage::Unknown);
    let dropped = scene.engine.drop_dead(&tenant, Channel::Email, &message, &why).await;
    assert_eq!(dropped.expect("asked"), DeadMessage::NotDead);
    assert!(scene.house.ledger(0).await.is_empty());
    let _worker = scene.house.worker_with(scene.house.engine().await, scene.config());
    assert_eq!(scene.house.ended(0).await, ["delivery.dead"]);
    let dropped = scene.engine.drop_dead(&tenant, Channel::Email, &message, &why).await;
    assert!(matches!(dropped, Ok(DeadMessage::Dropped(_))));
    assert_eq!(scene.house.ended(0).await, ["delivery.dead", "delivery.expired"]);
}

//! One channel's messages, fetched as they are asked for.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, StatusCode, Subject, Subscriber};
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use twofold_event_log::Claim as _;

use super::consumer::Consumer;
use super::hall::Hall;
use super::numbers::Numbers;
use super::read::read;
use crate::connect::Link;

/// Messages asked for at once, at most.
const BATCH_MAX: usize = 64;
/// How long one question to the server stands.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it still knows the question.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Silence for this long means that it does not.
const SILENCE_MAX: Duration = Duration::from_millis(2500);
/// The longest pause after failures in a row; the first one is 25 ms.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A message this version cannot read is left for this long, for a newer one.
const UNREADABLE_FOR: Duration = Duration::from_mins(10);

/// What ends a question before its time. Internal text.
struct Trouble(String);

#[derive(Debug)]
pub(super) struct Lane {
    pub index: usize,
    pub consumer: Consumer,
    pub hall: Arc<Hall>,
    pub numbers: Arc<Numbers>,
    /// Gives up the question that stands and asks anew.
    pub anew: watch::Sender<()>,
}

/// A question, as the server reads it; times in nanoseconds.
#[derive(Serialize)]
struct Question {
    batch: usize,
    expires: u128,
    idle_heartbeat: u128,
}

/// The one that stands.
struct Standing {
    inbox: Subject,
    left: usize,
    heard: Instant,
    link: watch::Receiver<Link>,
    anew: watch::Receiver<()>,
}

impl Lane {
    /// Fetches for ever.
    pub async fn run(&self) {
        let mut failed = 0;
        loop {
            // One subscription for many questions: what still comes after a question was given up is not lost.
            let root = self.consumer.broker.client().new_inbox();
            match self.consumer.broker.client().subscribe(format!("{root}.*")).await {
                Ok(answers) => self.ask_and_hear(&root, answers, &mut failed).await,
                Err(error) => self.recover(Trouble(error.to_string()), &mut failed).await,
            }
        }
    }

    /// Ends with the subscription.
    async fn ask_and_hear(&self, root: &str, mut answers: Subscriber, failed: &mut u32) {
        let mut standing: Option<Standing> = None;
        for number in 0_u64.. {
            while let Some(question) = &mut standing {
                let ended = tokio::select! {
                    answer = answers.next() => match answer {
                        Some(message) => self.hear(question, message).await,
                        None => return self.recover(Trouble("the connection was closed".to_owned()), failed).await,
                    },
                    trouble = question.broken() => Some(Err(trouble)),
                };
                match ended {
                    None => {}
                    Some(Ok(())) => (standing, *failed) = (None, 0),
                    Some(Err(trouble)) => {
                        standing = None;
                        self.recover(trouble, failed).await;
                    }
                }
            }
            let wanted = tokio::select! {
                wanted = self.hall.wanted(self.index) => wanted,
                late = answers.next() => match late {
                    Some(message) => {
                        self.take_if_request(message).await;
                        continue;
                    }
                    None => return self.recover(Trouble("the connection was closed".to_owned()), failed).await,
                },
            };
            match self.ask(format!("{root}.{number}"), wanted.clamp(1, BATCH_MAX)).await {
                Ok(question) => standing = Some(question),
                Err(trouble) => self.recover(trouble, failed).await,
            }
        }
    }

    async fn ask(&self, inbox: String, batch: usize) -> Result<Standing, Trouble> {
        let broker = &self.consumer.broker;
        let (mut link, mut anew) = (broker.link(), self.anew.subscribe());
        link.borrow_and_update();
        anew.borrow_and_update();
        if !broker.is_connected() {
            return Err(Trouble("there is no connection to the broker".to_owned()));
        }
        let to = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", broker.names().stream(), self.consumer.name());
        let question = Question { batch, expires: EXPIRES.as_nanos(), idle_heartbeat: HEARTBEAT.as_nanos() };
        let question = serde_json::to_vec(&question).map_err(|error| Trouble(error.to_string()))?;
        let sent = broker.client().publish_with_reply(to, inbox.clone(), question.into()).await;
        sent.map_err(|error| Trouble(error.to_string()))?;
        Ok(Standing { inbox: inbox.into(), left: batch, heard: Instant::now(), link, anew })
    }

    /// Takes an answer; `Some` when the question is at its end.
    async fn hear(&self, question: &mut Standing, message: Message) -> Option<Result<(), Trouble>> {
        question.heard = Instant::now();
        match message.status {
            None | Some(StatusCode::OK) => {
                self.take_if_request(message).await;
                question.left = question.left.saturating_sub(1);
                (question.left == 0).then_some(Ok(()))
            }
            // Of an earlier question.
            Some(_) if message.subject != question.inbox => None,
            Some(StatusCode::IDLE_HEARTBEAT) => None,
            Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => Some(Ok(())),
            Some(status) => Some(Err(Trouble(format!("{status} {}", message.description.unwrap_or_default())))),
        }
    }

    /// Makes sure of the consumer and waits a moment.
    async fn recover(&self, Trouble(why): Trouble, failed: &mut u32) {
        *failed += 1;
        let consumer = self.consumer.name();
        match self.consumer.ensure().await {
            Ok(_) => tracing::info!(consumer, why, "asking for messages anew"),
            Err(error) => {
                tracing::warn!(consumer, why, %error, failed, "no messages can be fetched");
                self.hall.fail(error.to_string());
            }
        }
        sleep(Duration::from_millis(25).saturating_mul(1 << (*failed).min(10)).min(PAUSE_MAX)).await;
    }

    async fn take_if_request(&self, message: Message) {
        let Some(read) = read(&self.consumer.broker, message) else { return };
        self.numbers.came(self.index);
        match read {
            Ok(claimed) => self.hall.bring(self.index, claimed),
            Err(unreadable) => {
                self.numbers.unreadable(self.index);
                tracing::error!(
                    consumer = self.consumer.name(),
                    reason = unreadable.reason,
                    "a delivery request cannot be read"
                );
                unreadable.claim.give_back(UNREADABLE_FOR).await;
            }
        }
    }
}

impl Standing {
    /// Waits until something says that no answer will come.
    async fn broken(&mut self) -> Trouble {
        let why = tokio::select! {
            () = sleep_until(self.heard + SILENCE_MAX) => "the server has fallen silent",
            _ = self.link.changed() => "the connection was lost",
            _ = self.anew.changed() => "the question is put anew",
        };
        Trouble(why.to_owned())
    }
}

//! What the operator decides about sending.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use twofold_crypto::Random;
use twofold_domain::Channel;
use twofold_event_log::WorkQueue;

use crate::transport::{AddressPolicy, EmailChannel, SmsChannel, Surroundings};

/// The operator's channels, for every tenant without one of its own.
#[derive(Debug, Clone, Default)]
pub struct OperatorChannels {
    /// Mail.
    pub email: Option<EmailChannel>,
    /// Text messages.
    pub sms: Option<SmsChannel>,
}

impl OperatorChannels {
    pub(super) const fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms => self.sms.is_some(),
        }
    }
}

/// The operator's own relay usually stands on the same machine or network; tenants' hosts stay as restricted as told.
pub(super) fn operators(around: &Surroundings) -> Surroundings {
    let policy = AddressPolicy { allow_private: true, ..around.policy.clone() };
    Surroundings { policy, ..around.clone() }
}

/// How failed attempts are repeated, within a message's life.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Attempts of one message, at most.
    pub max_attempts: u32,
    /// Pause after the first failure, in milliseconds; it doubles up to an eighth of the message's life.
    pub first_pause_ms: u64,
}

/// Where a worker's messages come from.
#[derive(Debug, Clone)]
pub enum Intake {
    /// The log itself: followed, and searched at the start for what an earlier process left open. One worker a log, or
    /// one for each channel: two of one channel send everything twice.
    Log,
    /// A queue that hands each message to one of any number of workers, and to another one when that one dies. It has
    /// its own channels.
    Queue(Arc<dyn WorkQueue>),
}

/// A worker to run.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Channels this worker serves when it follows the log. Both.
    pub channels: BTreeSet<Channel>,
    /// Where messages come from. The log.
    pub intake: Intake,
    /// Channels for tenants without their own.
    pub operator: OperatorChannels,
    /// Address policy, trust roots and outbox directory.
    pub around: Surroundings,
    /// Where providers reach the API from outside, such as `https://2fa.example.com`: callbacks go there. None.
    pub public_url: Option<String>,
    /// For commit ids and jitter.
    pub rng: Arc<dyn Random>,
    /// Attempts at once on each channel; a quarter of them only for tenants that have none under way. Those that have
    /// taken more than a second do not count, and there may be four times as many of them. 64.
    pub concurrency: usize,
    /// Attempts at once on one tenant's channel, so that a slow provider of one does not hold up the others; fewer when
    /// many tenants compete. 8.
    pub channel_concurrency: usize,
    /// Messages taken up whole and not yet ended. 16384 from the log and 8192 from a queue, some KiB each. As long as a
    /// channel has a quarter of its half left, everybody's are kept; then a tenant has its share: beyond it messages of the
    /// log are kept as positions, and those of a queue are given back until their tenant's turn, which costs the broker. A provider that is down keeps its tenant's messages open for their whole life, so be generous.
    pub open_messages: usize,
    /// Messages of the log taken up, positions included; further ones wait in the log. 200,000, some 400 bytes each.
    pub waiting_messages: usize,
    /// Repeating failed attempts. 12 attempts, from 1 s.
    pub retry: Retry,
    /// Time to finish attempts under way when told to stop. 20 s.
    pub grace: Duration,
}

impl WorkerConfig {
    /// The defaults.
    pub fn new(operator: OperatorChannels, around: Surroundings, rng: Arc<dyn Random>) -> Self {
        Self {
            channels: BTreeSet::from([Channel::Email, Channel::Sms]),
            intake: Intake::Log,
            operator,
            around,
            public_url: None,
            rng,
            concurrency: 64,
            channel_concurrency: 8,
            open_messages: 16_384,
            waiting_messages: 200_000,
            retry: Retry { max_attempts: 12, first_pause_ms: 1000 },
            grace: Duration::from_secs(20),
        }
    }

    /// Takes messages from a queue instead, of each channel no more at once than the work of two or three seconds: so some
    /// are left for other workers, and few have to wait for their claims to run out when this one dies.
    pub fn from_queue(self, queue: Arc<dyn WorkQueue>) -> Self {
        Self { intake: Intake::Queue(queue), open_messages: 8192, ..self }
    }

    /// Messages that may be taken up at once, whole or not.
    pub(super) fn room(&self) -> usize {
        match self.intake {
            Intake::Log => self.waiting_messages.max(self.open_messages),
            Intake::Queue(_) => self.open_messages,
        }
    }
}

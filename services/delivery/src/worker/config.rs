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
    /// For commit ids and jitter.
    pub rng: Arc<dyn Random>,
    /// Attempts at once. 64.
    pub concurrency: usize,
    /// Attempts at once on one tenant's channel, so that a slow provider of one does not hold up the others. 8.
    pub channel_concurrency: usize,
    /// Messages taken up and not yet ended; further ones wait in the log, or in the queue for another worker. 16384
    /// from the log and 2048 from a queue, some KiB each. A provider that is down keeps its tenant's messages open for
    /// their whole life, so be generous.
    pub open_messages: usize,
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
            rng,
            concurrency: 64,
            channel_concurrency: 8,
            open_messages: 16_384,
            retry: Retry { max_attempts: 12, first_pause_ms: 1000 },
            grace: Duration::from_secs(20),
        }
    }

    /// Takes messages from a queue instead, and no more at once than leaves some for other workers.
    pub fn from_queue(self, queue: Arc<dyn WorkQueue>) -> Self {
        Self { intake: Intake::Queue(queue), open_messages: 2048, ..self }
    }
}

//! What the operator decides about sending.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use twofold_crypto::Random;
use twofold_domain::{Channel, MessageId};

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

/// One worker's part of the messages, when several processes divide a log: those whose id falls to `index` of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub index: u16,
    /// How many workers divide the messages.
    pub of: u16,
}

impl Share {
    /// Everything.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    pub(super) fn holds(self, message: &MessageId) -> bool {
        // FNV-1a: ids are random, any even spread will do, and it must be the same in every process.
        let hash = message.as_str().bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        hash % u32::from(self.of.max(1)) == u32::from(self.index)
    }
}

/// A worker to run.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Channels this worker serves. Both.
    pub channels: BTreeSet<Channel>,
    /// Part of the messages this worker serves. The whole.
    pub share: Share,
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
    /// Messages taken from the log and not yet ended; further ones wait in the log. 16384, some KiB each. A
    /// provider that is down keeps its tenant's messages open for their whole life, so be generous.
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
            share: Share::WHOLE,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_falls_to_exactly_one_share() {
        let mut counts = [0_u32; 3];
        for n in 0..=255_u8 {
            let message = MessageId::from_bytes([n; 16]);
            let holders: Vec<u16> = (0..3).filter(|index| Share { index: *index, of: 3 }.holds(&message)).collect();
            assert_eq!(holders.len(), 1);
            counts[usize::from(holders[0])] += 1;
            assert!(Share::WHOLE.holds(&message));
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    }
}

//! The alarm for SMS pumping: codes that are sent and never used, by tenant and beginning of the number.

use std::collections::BTreeMap;

use super::recent::Recent;
use crate::delivery::DeliveryEvent;
use crate::user::{Proof, UserEvent};
use crate::{MessageId, Method, TenantId, Timestamp};

/// Codes of so many seconds are looked at together.
pub const WINDOW_SECS: u64 = 900;
/// A code used later than this after it was sent counts as unused: none lives longer (C5).
pub const USED_WITHIN_SECS: u64 = 600;
/// Seconds until an unused code counts: its owner has to find and type it first. Half of the minute within which an attack
/// is to be stopped.
pub const PATIENCE_SECS: u64 = 30;
/// Messages remembered at most. Beyond it the oldest are forgotten, and the newest are what an attack consists of (C26).
const MAX_MESSAGES: usize = 200_000;

/// When codes count as being pumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Percent of the codes sent that are used in good times; 0 switches the alarm off.
    pub floor_percent: u8,
    /// Fewer codes than this say nothing.
    pub min_sent: u32,
}

/// Numbers whose codes are not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Whose codes.
    pub tenant: TenantId,
    /// How the numbers begin.
    pub prefix: String,
    /// Codes sent in the window, without those that may still be on their way to being used.
    pub sent: u32,
    /// How many of them were used.
    pub used: u32,
}

#[derive(Debug, Clone)]
struct Message {
    tenant: TenantId,
    prefix: String,
    sent_at: Timestamp,
    /// In the tally already.
    counted: bool,
    used: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    sent: u32,
    used: u32,
}

/// What became of the codes sent by SMS lately: a fold over the whole log, in order.
///
/// It remembers nothing across a restart, so an alarm may come up to a window late after one. Deliberately in memory: a
/// late alarm costs little, and it must not cost a write for every message.
#[derive(Debug)]
pub struct Conversion {
    /// Sent, and too young to be judged unless used.
    young: Recent<MessageId, MessageId>,
    messages: Recent<MessageId, Message>,
    /// Used before the log said that it was sent: sending comes before recording.
    early: Recent<MessageId, Timestamp>,
    tallies: BTreeMap<(TenantId, String), Tally>,
}

impl Default for Conversion {
    fn default() -> Self {
        Self {
            young: Recent::new(MAX_MESSAGES),
            messages: Recent::new(MAX_MESSAGES),
            early: Recent::new(MAX_MESSAGES),
            tallies: BTreeMap::new(),
        }
    }
}

impl Conversion {
    /// Folds an entry of the delivery ledger.
    pub fn ledger(&mut self, tenant: &TenantId, message: &MessageId, event: &DeliveryEvent, at: Timestamp) {
        let DeliveryEvent::Accepted { region: Some(region), .. } = event else { return };
        if self.messages.get(message).is_some() {
            return;
        }
        let sent =
            Message { tenant: tenant.clone(), prefix: region.prefix.clone(), sent_at: at, counted: false, used: false };
        if let Some(oldest) = self.messages.put(at, message.clone(), sent) {
            self.forget(&oldest);
        }
        self.young.put(at, message.clone(), message.clone());
        if let Some(used_at) = self.early.get(message).copied() {
            self.used(message, used_at);
        }
    }

    /// Folds an event of a user.
    pub fn user(&mut self, event: &UserEvent, at: Timestamp) {
        if let UserEvent::VerificationSucceeded { proof: Proof::Code { method: Method::Sms, message }, .. }
        | UserEvent::EnrolmentConfirmed { method: Method::Sms, message: Some(message), .. } = event
        {
            self.used(message, at);
        }
    }

    /// Begins anew with numbers that somebody has released: what was sent before is no reason to stop them again.
    pub fn released(&mut self, tenant: &TenantId, prefix: &str) {
        self.messages.retain(|message| message.tenant != *tenant || message.prefix != prefix);
        self.tallies.remove(&(tenant.clone(), prefix.to_owned()));
    }

    /// What is to be stopped now. Says so again as long as it is so.
    pub fn alarms(&mut self, now: Timestamp, threshold: impl Fn(&TenantId) -> Option<Threshold>) -> Vec<Alarm> {
        self.advance(now);
        let mut alarms = Vec::new();
        for ((tenant, prefix), tally) in &self.tallies {
            let pumped = threshold(tenant).is_some_and(|threshold| tally.is_below(threshold));
            if pumped {
                let (tenant, prefix) = (tenant.clone(), prefix.clone());
                alarms.push(Alarm { tenant, prefix, sent: tally.sent, used: tally.used });
            }
        }
        alarms
    }

    fn used(&mut self, id: &MessageId, at: Timestamp) {
        let Some(message) = self.messages.get_mut(id) else {
            self.early.put(at, id.clone(), at);
            return;
        };
        if message.used || at > message.sent_at.plus_secs(USED_WITHIN_SECS) {
            return;
        }
        message.used = true;
        let tally = self.tallies.entry((message.tenant.clone(), message.prefix.clone())).or_default();
        tally.used += 1;
        tally.sent += u32::from(!message.counted);
        message.counted = true;
    }

    fn advance(&mut self, now: Timestamp) {
        let before = |secs: u64| Timestamp(now.0.saturating_sub(Timestamp(0).plus_secs(secs).0));
        while let Some(id) = self.young.pop_until(before(PATIENCE_SECS)) {
            if let Some(message) = self.messages.get_mut(&id).filter(|message| !message.counted) {
                message.counted = true;
                self.tallies.entry((message.tenant.clone(), message.prefix.clone())).or_default().sent += 1;
            }
        }
        let old = before(WINDOW_SECS);
        while let Some(message) = self.messages.pop_until(old) {
            self.forget(&message);
        }
        while self.early.pop_until(old).is_some() {}
    }

    fn forget(&mut self, message: &Message) {
        if !message.counted {
            return;
        }
        let key = (message.tenant.clone(), message.prefix.clone());
        let Some(tally) = self.tallies.get_mut(&key) else { return };
        tally.sent = tally.sent.saturating_sub(1);
        tally.used = tally.used.saturating_sub(u32::from(message.used));
        if tally.sent == 0 {
            self.tallies.remove(&key);
        }
    }
}

impl Tally {
    fn is_below(self, threshold: Threshold) -> bool {
        let (sent, used) = (u64::from(self.sent), u64::from(self.used));
        self.sent >= threshold.min_sent.max(1) && used * 100 < u64::from(threshold.floor_percent) * sent
    }
}

#[cfg(test)]
mod tests;

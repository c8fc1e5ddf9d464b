//! A store of usage that does not answer: for how long, and whether to ask it again.

use parking_lot::Mutex;
use twofold_domain::Timestamp;

/// Milliseconds for which text messages still go out uncounted.
const FORGIVEN_MS: i64 = 5_000;
/// Milliseconds between two questions to a store that does not answer, so that a login does not wait for it each time.
const ASKED_EVERY_MS: i64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Option<Since>>);

#[derive(Debug, Clone, Copy)]
struct Since {
    began: Timestamp,
    asked: Timestamp,
}

impl Outage {
    /// Whether to ask. During an outage one of those who come within a second asks, for all.
    pub fn asks(&self, now: Timestamp) -> bool {
        let mut since = self.0.lock();
        let Some(since) = since.as_mut() else { return true };
        // Also when the clock was put back.
        let due = now.0.saturating_sub(since.asked.0).unsigned_abs() >= ASKED_EVERY_MS.unsigned_abs();
        if due {
            since.asked = now;
        }
        due
    }

    /// It answered.
    pub fn is_over(&self) {
        if self.0.lock().take().is_some() {
            tracing::info!("messages are counted again");
        }
    }

    /// It did not answer.
    pub fn goes_on(&self, now: Timestamp, cause: &str) {
        let mut since = self.0.lock();
        if since.is_none() {
            tracing::error!(cause, "messages cannot be counted: limits and budgets do not hold");
            *since = Some(Since { began: now, asked: now });
        }
    }

    /// Whether it lasts too long for what costs money.
    pub fn is_long(&self, now: Timestamp) -> bool {
        self.0.lock().is_some_and(|since| now.0.saturating_sub(since.began.0) > FORGIVEN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_forgiven_for_five_seconds_and_asked_about_once_a_second() {
        let outage = Outage::default();
        assert!(outage.asks(Timestamp(0)) && !outage.is_long(Timestamp(i64::MAX)));
        outage.goes_on(Timestamp(1_000), "gone");
        assert!(!outage.asks(Timestamp(1_999)));
        assert!(outage.asks(Timestamp(2_000)));
        outage.goes_on(Timestamp(2_000), "gone");
        assert!(!outage.asks(Timestamp(2_999)), "the last one asked just now");
        assert!(!outage.is_long(Timestamp(6_000)) && outage.is_long(Timestamp(6_001)));
        outage.is_over();
        assert!(outage.asks(Timestamp(6_001)) && !outage.is_long(Timestamp(6_001)));
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_keep_it_from_being_asked() {
        let outage = Outage::default();
        outage.goes_on(Timestamp(1_000_000), "gone");
        assert!(outage.asks(Timestamp(0)));
    }
}

//! From the request to the first time a provider sees the message.

use hdrhistogram::Histogram;

use super::report::Line;
use super::requests::Asked;
use super::tenants::Tenant;
use crate::providers::Book;

/// Longest that is told apart, in milliseconds.
const LONGEST_MS: u64 = 3_600_000;

/// How long it took.
#[derive(Debug)]
pub(super) struct Latency {
    histogram: Histogram<u64>,
    /// Messages that no provider saw.
    pub(super) absent: u64,
}

impl Latency {
    /// Milliseconds at a quantile. What was never seen is as late as can be.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
    pub(super) fn at(&self, quantile: f64) -> f64 {
        self.histogram.value_at_quantile(quantile) as f64
    }

    /// p50 and p99 for people.
    pub(super) fn told(&self, what: &str) -> [Line; 2] {
        [Line::told(&format!("{what}, p50 ms"), self.at(0.5)), Line::told(&format!("{what}, p99 ms"), self.at(0.99))]
    }
}

/// Looks up every message.
pub(super) fn handed_over(asked: &[Asked], tenants: &[Tenant], book: &Book) -> Latency {
    let mut latency = Latency { histogram: empty(), absent: 0 };
    for asked in asked {
        let recipient = tenants[asked.user.tenant].recipient(asked.user.number);
        let first = book.of(&recipient).iter().map(|(_, entry)| entry.first_seen_ms).min();
        latency.absent += u64::from(first.is_none());
        let took = first.map_or(LONGEST_MS, |at| at.saturating_sub(asked.at_ms));
        latency.histogram.saturating_record(took);
    }
    latency
}

fn empty() -> Histogram<u64> {
    let bounded = Histogram::new_with_bounds(1, LONGEST_MS, 3);
    bounded.or_else(|_| Histogram::new(3)).unwrap_or_else(|_| unreachable!("3 digits are allowed"))
}

//! A channel's numbers: how much waits, and how close it is to being too late.

use twofold_domain::{TenantId, Timestamp};

use super::tenant::Tenant;

/// Deadlines looked at to foresee the slack: at the pace of one worker there is no life left behind so many.
const FORESEEN: usize = 20_000;

/// The numbers at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct LaneNumbers {
    pub(in super::super) waiting: u64,
    pub(in super::super) in_flight: u64,
    /// Attempts ended in 1,000 seconds, at the pace of the last ones.
    pub(in super::super) pace_per_1000_secs: u64,
    /// Until the first last call of what waits, in milliseconds; negative when it is over.
    pub(in super::super) slack_ms: Option<i64>,
    /// The least that will be left to any of the waiting when its turn comes at this pace.
    pub(in super::super) foreseen_slack_ms: Option<i64>,
    /// Tenants with something waiting or under way.
    pub(in super::super) tenants: Vec<(TenantId, u64, u64)>,
}

impl LaneNumbers {
    /// `deadlines` are the last calls of what waits, earliest first, in milliseconds.
    pub(super) fn of(
        deadlines: impl ExactSizeIterator<Item = i64>,
        in_flight: usize,
        pace_per_1000_secs: u64,
        now: Timestamp,
    ) -> Self {
        let (waiting, mut slack_ms, mut foreseen_slack_ms) = (deadlines.len() as u64, None, None);
        for (ahead, deadline_ms) in (1_i64..).zip(deadlines.take(FORESEEN)) {
            let left_ms = deadline_ms.saturating_sub(now.as_millis());
            slack_ms = slack_ms.or(Some(left_ms));
            // Without a pace there is nothing to foresee.
            let turn_ms = (ahead * 1_000_000).checked_div(pace_per_1000_secs.cast_signed()).unwrap_or(0);
            let then_ms = left_ms.saturating_sub(turn_ms);
            foreseen_slack_ms = Some(foreseen_slack_ms.map_or(then_ms, |least: i64| least.min(then_ms)));
        }
        let in_flight = in_flight as u64;
        Self { waiting, in_flight, pace_per_1000_secs, slack_ms, foreseen_slack_ms, tenants: Vec::new() }
    }

    pub(super) fn with_tenants<'a>(self, all: impl Iterator<Item = &'a Tenant>, at_most: usize) -> Self {
        let row = |tenant: &Tenant| (tenant.id.clone(), tenant.waiting as u64, tenant.in_flight as u64);
        let mut tenants: Vec<_> = all.map(row).filter(|(_, waiting, in_flight)| waiting + in_flight > 0).collect();
        tenants.sort_by_key(|(_, waiting, in_flight)| std::cmp::Reverse((*waiting, *in_flight)));
        tenants.truncate(at_most);
        Self { tenants, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(deadlines: &[i64], pace: u64) -> (Option<i64>, Option<i64>) {
        let numbers = LaneNumbers::of(deadlines.iter().copied(), 0, pace, Timestamp(1000));
        (numbers.slack_ms, numbers.foreseen_slack_ms)
    }

    #[test]
    fn slack_is_that_of_the_first_and_the_foreseen_one_that_of_the_worst_off() {
        assert_eq!(of(&[], 1000), (None, None));
        assert_eq!(of(&[5000, 6000], 0), (Some(4000), Some(4000)));
        // One a second: the third of them is three seconds from now.
        assert_eq!(of(&[5000, 6000, 6500], 1000), (Some(4000), Some(2500)));
        assert_eq!(of(&[500], 1000), (Some(-500), Some(-1500)));
    }
}

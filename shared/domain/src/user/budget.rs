//! The attempt budget of one factor (invariant 3, C1, C2, C25).

use crate::limits::{FAILURES_PER_LOCK, FIRST_LOCK_SECS, HARD_STOP_FAILURES, LONGEST_LOCK_SECS};
use crate::{FactorKind, Timestamp};

/// Wrong codes in a row of one factor, and the lock they led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Evaluated wrong codes since the last success of this factor.
    pub failures: u32,
    /// The lock in force.
    pub lock: Lock,
}

/// A lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lock {
    /// None.
    #[default]
    Open,
    /// Until an instant.
    Until(Timestamp),
    /// Until somebody with the right unlocks it.
    Hard,
}

impl Lock {
    /// Whether attempts are refused at `now`.
    pub fn holds_at(self, now: Timestamp) -> bool {
        match self {
            Self::Open => false,
            Self::Until(until) => now < until,
            Self::Hard => true,
        }
    }
}

impl Budget {
    /// Wrong codes still allowed before the next lock.
    pub const fn attempts_left(self) -> u32 {
        FAILURES_PER_LOCK - self.failures % FAILURES_PER_LOCK
    }

    /// The lock that one more failure leads to, if it uses the budget up.
    pub fn lock_after_failure(self, now: Timestamp) -> Option<Lock> {
        let failures = self.failures.saturating_add(1);
        if failures >= HARD_STOP_FAILURES {
            return Some(Lock::Hard);
        }
        if !failures.is_multiple_of(FAILURES_PER_LOCK) {
            return None;
        }
        let doublings = failures / FAILURES_PER_LOCK - 1;
        let secs = FIRST_LOCK_SECS.checked_shl(doublings).map_or(LONGEST_LOCK_SECS, |s| s.min(LONGEST_LOCK_SECS));
        Some(Lock::Until(now.plus_secs(secs)))
    }
}

/// One budget per kind of factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budgets([Budget; 4]);

impl Budgets {
    const fn slot(kind: FactorKind) -> usize {
        match kind {
            FactorKind::Totp => 0,
            FactorKind::Email => 1,
            FactorKind::Sms => 2,
            FactorKind::RecoveryCode => 3,
        }
    }

    /// The budget of a kind.
    pub const fn of(&self, kind: FactorKind) -> Budget {
        self.0[Self::slot(kind)]
    }

    pub(super) const fn of_mut(&mut self, kind: FactorKind) -> &mut Budget {
        &mut self.0[Self::slot(kind)]
    }

    pub(super) fn clear_all(&mut self) {
        self.0 = Default::default();
    }

    /// All of them, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (FactorKind, Budget)> + '_ {
        [FactorKind::Totp, FactorKind::Email, FactorKind::Sms, FactorKind::RecoveryCode]
            .into_iter()
            .map(|kind| (kind, self.of(kind)))
    }
}

/// What is not named is at rest.
impl FromIterator<(FactorKind, Budget)> for Budgets {
    fn from_iter<I: IntoIterator<Item = (FactorKind, Budget)>>(budgets: I) -> Self {
        let mut all = Self::default();
        for (kind, budget) in budgets {
            *all.of_mut(kind) = budget;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_from_30_s_to_60_min_and_then_stop_hard() {
        let now = Timestamp(0);
        let mut budget = Budget::default();
        let mut secs = Vec::new();
        loop {
            let lock = budget.lock_after_failure(now);
            budget.failures += 1;
            match lock {
                Some(Lock::Until(until)) => secs.push(now.secs_until(until)),
                Some(Lock::Hard) => break,
                Some(Lock::Open) | None => {}
            }
        }
        assert_eq!(secs, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(budget.failures, HARD_STOP_FAILURES);
    }

    #[test]
    fn attempts_left_counts_down_to_the_lock() {
        let left: Vec<u32> = (0..6).map(|failures| Budget { failures, lock: Lock::Open }.attempts_left()).collect();
        assert_eq!(left, [5, 4, 3, 2, 1, 5]);
    }
}

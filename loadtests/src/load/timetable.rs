//! When each operation of an open loop is due.

use std::time::Duration;

use super::plan::{Pace, Plan};

/// Operations at equal distances, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timetable {
    per_second: u64,
    operations: u64,
}

impl Timetable {
    /// Of a plan with a schedule.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let Pace::Open { per_second } = plan.pace else {
            return None;
        };
        let within = |seconds: u64| per_second.saturating_mul(seconds);
        let measured = plan.operations.unwrap_or(u64::MAX).min(within(plan.seconds));
        Some(Self { per_second, operations: within(plan.warm_up_s).saturating_add(measured) })
    }

    /// How many there are, warm-up included.
    pub(super) fn operations(self) -> u64 {
        self.operations
    }

    /// When an operation is due, from the beginning of the warm-up on. No error adds up: each is counted anew.
    pub(super) fn due(self, number: u64) -> Duration {
        let nanos = u128::from(number % self.per_second) * 1_000_000_000 / u128::from(self.per_second);
        Duration::from_secs(number / self.per_second) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// When the one after the last would be due.
    pub(super) fn end(self) -> Duration {
        self.due(self.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_due_at_equal_distances_and_no_error_adds_up() {
        let table = Timetable::of(&Plan { warm_up_s: 1, ..Plan::open(1, 3, 2) }).expect("open");
        assert_eq!(table.operations(), 9);
        let due: Vec<u128> = (0..4).map(|n| table.due(n).as_nanos()).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000]);
        assert_eq!(table.due(3_000_000_000), Duration::from_secs(1_000_000_000));
        assert_eq!(table.end(), Duration::from_secs(3));
    }

    #[test]
    fn a_limit_on_operations_counts_after_the_warm_up() {
        let plan = Plan { warm_up_s: 2, operations: Some(5), ..Plan::open(1, 10, 60) };
        let table = Timetable::of(&plan).expect("open");
        assert_eq!(table.operations(), 25);
        assert_eq!(Timetable::of(&Plan::closed(1, 1)), None);
    }
}

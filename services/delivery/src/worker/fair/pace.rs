//! How fast something goes, and a queue of appointments at that pace.

/// Length of a window, in milliseconds: what is older than two of them is forgotten.
const WINDOW_MS: u64 = 5000;
/// Appointments in a second, at least and at most, divided between the tenants that make some. At this pace what was sent
/// away comes back to be looked at again: 100,000 have all been back well within the life of a code, also when their tenant
/// is faster than it was before, and the broker is not kept busy by them alone.
const COMEBACKS: (u64, u64) = (1000, 4000);

/// The first appointment is this far ahead.
const PAUSE_MS: u64 = 200;

/// Attempts ended lately, counted in two windows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    window: u64,
    now: u64,
    before: u64,
}

impl Pace {
    pub(super) fn note(&mut self, now_ms: u64) {
        self.turn(now_ms);
        self.now += 1;
    }

    /// Per 1,000 seconds, so that slow ones are not nothing.
    pub(super) fn per_1000_secs(&self, now_ms: u64) -> u64 {
        let mut copy = *self;
        copy.turn(now_ms);
        let over_ms = WINDOW_MS + now_ms % WINDOW_MS;
        // Within the first window there is nothing before.
        let over_ms = if copy.window == 0 { (now_ms % WINDOW_MS).max(1000) } else { over_ms };
        (copy.now + copy.before).saturating_mul(1_000_000) / over_ms
    }

    fn turn(&mut self, now_ms: u64) {
        let window = now_ms / WINDOW_MS;
        match window.saturating_sub(self.window) {
            0 => {}
            1 => (self.before, self.now) = (self.now, 0),
            _ => (self.before, self.now) = (0, 0),
        }
        self.window = self.window.max(window);
    }
}

/// When those sent away shall come back: one after the other, at twice the pace of their tenant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Appointments {
    /// The next one that is free, in microseconds.
    next_us: u64,
}

impl Appointments {
    /// Milliseconds until the next free one, at least 200. `tenants` have some, this one perhaps among them.
    pub(super) fn make(&mut self, now_ms: u64, per_1000_secs: u64, tenants: u64) -> u64 {
        let (least, most) = (COMEBACKS.0.div_ceil(tenants.max(1)), COMEBACKS.1.div_ceil(tenants.max(1)));
        let pace = (2 * per_1000_secs / 1000).clamp(least, most);
        let at_us = self.next_us.max((now_ms + PAUSE_MS) * 1000);
        self.next_us = at_us + 1_000_000 / pace;
        (at_us / 1000).saturating_sub(now_ms)
    }

    /// Whether one lies ahead.
    pub(super) const fn pending(self, now_ms: u64) -> bool {
        self.next_us > now_ms * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        assert_eq!(pace.per_1000_secs(0), 0);
        for ms in (0..20_000).step_by(10) {
            pace.note(ms);
        }
        assert_eq!(pace.per_1000_secs(20_000) / 1000, 100);
        assert_eq!(pace.per_1000_secs(60_000), 0);
    }

    #[test]
    fn appointments_follow_each_other_at_twice_the_pace_within_bounds() {
        for (per_1000_secs, last_ms) in [(0, 299), (400_000, 299), (1_500_000, 232), (90_000_000, 224)] {
            let mut appointments = Appointments::default();
            let made: Vec<u64> = (0..100).map(|_| appointments.make(500, per_1000_secs, 1)).collect();
            assert_eq!((made[0], made[99]), (200, last_ms), "{per_1000_secs}");
            assert!(appointments.pending(700) && !appointments.pending(5000));
        }
    }

    #[test]
    fn tenants_that_make_appointments_share_what_may_come_back() {
        for (per_1000_secs, last_ms) in [(0, 992), (30_000, 992), (100_000, 695), (900_000, 398)] {
            let mut appointments = Appointments::default();
            let made: Vec<u64> = (0..100).map(|_| appointments.make(0, per_1000_secs, 8)).collect();
            assert_eq!((made[0], made[99]), (200, last_ms), "{per_1000_secs}");
        }
    }
}

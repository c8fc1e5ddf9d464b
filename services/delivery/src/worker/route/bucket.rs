//! No more than so many messages a second.

use std::time::Duration;

use tokio::time::Instant;

/// Whoever's turn is within this may wait where he is; others come again.
const NEAR: Duration = Duration::from_secs(1);

/// Messages follow each other at a steady pace, and up to a second's worth of them may come together after a rest.
#[derive(Debug)]
pub(super) struct Bucket {
    every: Duration,
    /// When the next message may go, were there no credit for the rest before.
    next: Option<Instant>,
}

/// When a message may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Slot {
    /// After so long; the place is taken.
    Taken(Duration),
    /// Not soon: come again after so long.
    Later(Duration),
}

impl Bucket {
    /// At most `per_second` messages a second, at least one.
    pub(super) fn new(per_second: u32) -> Self {
        Self { every: Duration::from_secs(1) / per_second.max(1), next: None }
    }

    /// Asks for a place.
    pub(super) fn take(&mut self, now: Instant) -> Slot {
        let credit = Duration::from_secs(1).saturating_sub(self.every);
        let next = self.next.map_or(now, |next| next.max(now.checked_sub(credit).unwrap_or(now)));
        let wait = next.saturating_duration_since(now);
        if wait > NEAR {
            return Slot::Later(wait.saturating_sub(NEAR));
        }
        self.next = Some(next + self.every);
        Slot::Taken(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_second_do_more_go_than_two_seconds_worth_and_over_time_none_too_many() {
        let (start, mut bucket) = (Instant::now(), Bucket::new(10));
        let mut gone = Vec::new();
        for step in 0..1000_u32 {
            let now = start + Duration::from_millis(10) * step;
            if let Slot::Taken(wait) = bucket.take(now) {
                gone.push(now + wait);
            }
        }
        // 10 s of asking, and one more of those that wait.
        assert!((100..=111).contains(&gone.len()), "{}", gone.len());
        assert!(gone.windows(21).all(|few| few[20] - few[0] >= Duration::from_secs(1)));
    }

    #[test]
    fn a_rest_gives_a_seconds_worth_at_once_and_the_rest_has_to_come_again() {
        let (start, mut bucket) = (Instant::now(), Bucket::new(2));
        let later = start + Duration::from_mins(5);
        assert_eq!(bucket.take(start), Slot::Taken(Duration::ZERO));
        let mut slots = Vec::new();
        for _ in 0..5 {
            slots.push(bucket.take(later));
        }
        let half = Duration::from_millis(500);
        let wanted = [Duration::ZERO, Duration::ZERO, half, half * 2].map(Slot::Taken);
        assert_eq!(slots[..4], wanted);
        assert_eq!(slots[4], Slot::Later(half));
    }
}

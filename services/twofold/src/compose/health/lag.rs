//! For how long the read model has been behind.

use std::collections::VecDeque;
use std::time::Instant;

use twofold_event_log::Seq;

/// Heads remembered; older ones are forgotten two by two, which costs precision of an age that is large anyway.
const REMEMBERED: usize = 600;

/// Heads of the log and when they were first seen, without those already projected.
#[derive(Debug, Default)]
pub struct Behind(VecDeque<(Seq, Instant)>);

impl Behind {
    /// Seconds since the log first had something that is not projected yet; as exact as the looks are close.
    pub fn observe(&mut self, head: Seq, projected_to: Seq) -> f64 {
        self.observe_at(head, projected_to, Instant::now())
    }

    fn observe_at(&mut self, head: Seq, projected_to: Seq, now: Instant) -> f64 {
        if self.0.back().is_none_or(|(known, _)| head > *known) {
            self.0.push_back((head, now));
        }
        while self.0.front().is_some_and(|(known, _)| *known <= projected_to) {
            self.0.pop_front();
        }
        if self.0.len() > REMEMBERED {
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.front().map_or(0.0, |(_, since)| now.duration_since(*since).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_age_is_that_of_the_first_head_not_projected() {
        let mut behind = Behind::default();
        let begin = Instant::now();
        let mut at = |secs: u64, head: u64, projected: u64| {
            let age = behind.observe_at(Seq(head), Seq(projected), begin + Duration::from_secs(secs));
            Duration::from_secs_f64(age).as_secs()
        };
        assert_eq!(at(0, 10, 10), 0);
        assert_eq!(at(1, 20, 10), 0, "it came in just now");
        assert_eq!(at(2, 30, 10), 1);
        assert_eq!(at(5, 30, 19), 4, "the one of second 1 is not whole yet");
        assert_eq!(at(6, 30, 20), 4, "now that of second 2 counts");
        assert_eq!(at(7, 30, 30), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut behind = Behind::default();
        let begin = Instant::now();
        let mut age = 0.0;
        for n in 1..=10_000_u64 {
            age = behind.observe_at(Seq(n), Seq::ZERO, begin + Duration::from_secs(n));
        }
        assert!(behind.0.len() <= REMEMBERED);
        assert_eq!(Duration::from_secs_f64(age).as_secs(), 9_999);
    }
}

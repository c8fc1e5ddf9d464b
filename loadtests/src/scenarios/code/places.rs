//! Users with an address or a number, handed out no more often than codes may be asked for.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A user and where his codes go.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) id: String,
    pub(super) tenant: u16,
    /// `email` or `sms`.
    pub(super) method: &'static str,
    pub(super) recipient: String,
}

#[derive(Debug)]
struct Turns {
    next: usize,
    rounds: u32,
    /// When each was last handed out.
    last: Vec<Option<Instant>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Places {
    all: Vec<Place>,
    turns: Mutex<Turns>,
    rest: Duration,
    rounds_max: u32,
}

impl Places {
    /// Each is handed out `rounds_max` times at most, with a rest after each time.
    pub(super) fn new(all: Vec<Place>, rest: Duration, rounds_max: u32) -> Self {
        let turns = Turns { next: 0, rounds: 0, last: vec![None; all.len()] };
        Self { all, turns: Mutex::new(turns), rest, rounds_max }
    }

    /// The next one. None: there are too few, or all of them had as many codes as one destination may have in an hour.
    pub(super) fn take(&self) -> Option<&Place> {
        let mut turns = self.turns.lock();
        let index = turns.next;
        let place = self.all.get(index)?;
        let rested = turns.last[index].is_none_or(|last| last.elapsed() >= self.rest);
        if !rested || turns.rounds >= self.rounds_max {
            return None;
        }
        turns.last[index] = Some(Instant::now());
        turns.next = (index + 1) % self.all.len();
        turns.rounds += u32::from(turns.next == 0);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rest: Duration, rounds_max: u32) -> Places {
        let place = |n| Place { id: format!("u{n}"), tenant: 0, method: "email", recipient: String::new() };
        Places::new((0..3).map(place).collect(), rest, rounds_max)
    }

    fn taken(places: &Places) -> Vec<&str> {
        std::iter::from_fn(|| places.take().map(|place| place.id.as_str())).take(20).collect()
    }

    #[test]
    fn a_user_rests_after_a_code_and_has_only_so_many() {
        assert_eq!(taken(&places(Duration::from_hours(1), 9)), ["u0", "u1", "u2"]);
        assert_eq!(taken(&places(Duration::ZERO, 2)), ["u0", "u1", "u2", "u0", "u1", "u2"]);
    }
}

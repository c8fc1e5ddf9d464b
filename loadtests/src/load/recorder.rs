//! Takes down what came of each operation.

use std::collections::BTreeMap;
use std::time::Duration;

use super::latencies::Latencies;
use super::run::{Count, Schedule, Second};
use super::scenario::{Played, Verdict};

/// Failures that are told in words.
const EXAMPLES: usize = 10;

/// The times of one operation, all since the warm-up was over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// From when its latency counts; nothing during the warm-up.
    pub(super) from: Option<Duration>,
    /// When its answers were there.
    pub(super) ended: Duration,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    counts: Vec<(&'static str, Count)>,
    parts: Vec<(&'static str, Latencies)>,
    /// The second that is not over, and its latencies.
    now: Second,
    in_second: Latencies,
    pub(super) failures: u64,
    pub(super) examples: Vec<String>,
    pub(super) refusals: BTreeMap<u16, u64>,
    pub(super) latency: Latencies,
    pub(super) schedule: Schedule,
    pub(super) timeline: Vec<Second>,
    /// When the last answer came.
    pub(super) last: Duration,
}

impl Recorder {
    /// One more operation.
    pub(super) fn record(&mut self, times: Times, played: Played) {
        self.examine(&played);
        let Some(from) = times.from else {
            return;
        };
        self.close_seconds_before(times.ended.as_secs());
        self.last = self.last.max(times.ended);
        let count = entry(&mut self.counts, played.kind);
        let refused = match played.verdict {
            Verdict::Right => {
                count.right += 1;
                self.now.done += 1;
                false
            }
            Verdict::Refused(status) => {
                count.refused += 1;
                self.now.refused += 1;
                *self.refusals.entry(status).or_default() += 1;
                true
            }
            Verdict::WrongAnswer(_) => {
                count.wrong += 1;
                self.now.failed += 1;
                false
            }
            Verdict::NoAnswer(_) => {
                count.unanswered += 1;
                self.now.failed += 1;
                false
            }
        };
        if refused {
            return;
        }
        let latency = times.ended.saturating_sub(from);
        self.latency.record(latency);
        self.in_second.record(latency);
        for (part, took) in played.parts {
            entry(&mut self.parts, part).record(took);
        }
    }

    /// An operation that was due and never began, with its age.
    pub(super) fn record_unsent(&mut self, age: Duration) {
        self.schedule.unsent += 1;
        self.latency.record(age);
    }

    /// Failures count from the first operation on, those of the warm-up as well.
    fn examine(&mut self, played: &Played) {
        let (Verdict::WrongAnswer(what) | Verdict::NoAnswer(what)) = &played.verdict else {
            return;
        };
        self.failures += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{}: {what}", played.kind));
        }
    }

    /// Seconds in which nothing ended have their line, too.
    pub(super) fn close_seconds_before(&mut self, second: u64) {
        while self.now.at_s < second {
            let (p50_ms, p99_ms) = (self.in_second.ms(0.5), self.in_second.ms(0.99));
            self.timeline.push(Second { p50_ms, p99_ms, ..self.now });
            self.now = Second { at_s: self.now.at_s + 1, ..Second::default() };
            self.in_second.clear();
        }
    }

    /// Closes the last second, unless nothing ended in it.
    pub(super) fn close(&mut self) {
        if self.in_second.count() > 0 || self.now.refused > 0 {
            self.close_seconds_before(self.now.at_s + 1);
        }
    }

    /// By kind.
    pub(super) fn counts(&self) -> BTreeMap<String, Count> {
        self.counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    }

    /// By part.
    pub(super) fn parts(&self) -> BTreeMap<String, Latencies> {
        self.parts.iter().map(|(part, latencies)| ((*part).to_owned(), latencies.clone())).collect()
    }
}

/// There are so few names that looking at each is faster than a map.
fn entry<'a, T: Default>(all: &'a mut Vec<(&'static str, T)>, name: &'static str) -> &'a mut T {
    let at = all.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
        all.push((name, T::default()));
        all.len() - 1
    });
    &mut all[at].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(verdict: Verdict) -> Played {
        Played { kind: "right", verdict, parts: vec![("challenge", Duration::from_millis(3))] }
    }

    fn at(from_ms: u64, ended_ms: u64) -> Times {
        Times { from: Some(Duration::from_millis(from_ms)), ended: Duration::from_millis(ended_ms) }
    }

    #[test]
    fn a_second_in_which_nothing_ended_has_a_line_of_its_own() {
        let mut recorder = Recorder::default();
        recorder.record(at(0, 10), played(Verdict::Right));
        recorder.record(at(100, 2300), played(Verdict::Refused(429)));
        recorder.record(at(100, 2300), played(Verdict::Right));
        recorder.close();
        let done: Vec<(u64, u64, u64)> = recorder.timeline.iter().map(|s| (s.at_s, s.done, s.refused)).collect();
        assert_eq!(done, [(0, 1, 0), (1, 0, 0), (2, 1, 1)]);
        assert!(recorder.timeline[2].p99_ms > 2190.0, "{:?}", recorder.timeline[2]);
    }

    #[test]
    fn a_refusal_is_counted_by_status_and_has_no_latency() {
        let mut recorder = Recorder::default();
        recorder.record(at(0, 1), played(Verdict::Refused(503)));
        assert_eq!((recorder.latency.count(), recorder.failures), (0, 0));
        assert_eq!(recorder.refusals[&503], 1);
        assert_eq!(recorder.counts()["right"].refused, 1);
    }

    #[test]
    fn the_warm_up_is_not_measured_but_its_wrong_answers_count() {
        let mut recorder = Recorder::default();
        let warm_up = Times { from: None, ended: Duration::ZERO };
        recorder.record(warm_up, played(Verdict::Right));
        recorder.record(warm_up, played(Verdict::WrongAnswer("expected 422, got 200".to_owned())));
        assert_eq!((recorder.latency.count(), recorder.failures), (0, 1));
        assert_eq!(recorder.examples, ["right: expected 422, got 200"]);
        assert!(recorder.counts().is_empty() && recorder.parts().is_empty());
    }
}

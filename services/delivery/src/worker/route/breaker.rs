//! When to leave a provider alone, and when to try it again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Outcomes older than this say nothing of the provider any more.
const WINDOW: Duration = Duration::from_mins(1);
/// And of those, the latest.
const LATEST: usize = 20;
/// So many failures, and at least half of what is looked at: a provider that loses one message in twenty stays in use.
const FAILURES: usize = 5;
/// The first pause; it doubles with every probe that fails.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// And no longer: a code lives for minutes.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Whether messages pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// They do.
    Closed,
    /// None does, for a pause.
    Open,
    /// One does, to see.
    HalfOpen,
}

impl BreakerState {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Instant },
    Probing,
}

/// How a message passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    Usual,
    /// As the one that shows whether the provider is back.
    Probe,
}

/// One provider's breaker. Pure: whoever uses it says what time it is.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// When, and whether it failed; oldest first.
    outcomes: VecDeque<(Instant, bool)>,
    /// Opened so often since it was last closed.
    opened: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, outcomes: VecDeque::new(), opened: 0 }
    }
}

impl Breaker {
    /// How long until a message may pass; nothing when one may now.
    pub(super) fn ready_in(&self, now: Instant) -> Duration {
        match self.state {
            State::Closed => Duration::ZERO,
            State::Open { until } => until.saturating_duration_since(now),
            // The probe's answer takes as long as an attempt; whoever waits looks again.
            State::Probing => Duration::from_secs(1),
        }
    }

    /// Lets a message pass, or not.
    pub(super) fn enter(&mut self, now: Instant) -> Option<Pass> {
        match self.state {
            State::Closed => Some(Pass::Usual),
            State::Open { until } if until <= now => {
                self.state = State::Probing;
                Some(Pass::Probe)
            }
            State::Open { .. } | State::Probing => None,
        }
    }

    /// The provider answered.
    pub(super) fn succeeded(&mut self, pass: Pass, now: Instant) {
        match pass {
            Pass::Probe => *self = Self::default(),
            Pass::Usual => self.note(now, false),
        }
    }

    /// The provider did not answer, or said that it cannot.
    pub(super) fn failed(&mut self, pass: Pass, now: Instant) {
        self.note(now, true);
        // What began before it opened says nothing new.
        let trips = self.state == State::Closed && self.trips(now);
        if pass == Pass::Probe || trips {
            let pause = PAUSE_FIRST.saturating_mul(1 << self.opened.min(8)).min(PAUSE_MAX);
            self.opened = self.opened.saturating_add(1);
            self.state = State::Open { until: now + pause };
        }
    }

    /// A message passed, and nobody learned anything of the provider.
    pub(super) fn nothing_learned(&mut self, pass: Pass, now: Instant) {
        if pass == Pass::Probe {
            self.state = State::Open { until: now };
        }
    }

    /// For showing.
    pub(super) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Probing => BreakerState::HalfOpen,
        }
    }

    /// Failures among the outcomes looked at.
    pub(super) fn failures(&self, now: Instant) -> usize {
        self.recent(now).filter(|failed| *failed).count()
    }

    /// Whether it is like a new one.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.state == State::Closed && self.recent(now).next().is_none()
    }

    fn trips(&self, now: Instant) -> bool {
        let failures = self.failures(now);
        failures >= FAILURES && failures * 2 >= self.recent(now).count()
    }

    fn note(&mut self, now: Instant, failed: bool) {
        if self.outcomes.len() == LATEST {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back((now, failed));
    }

    fn recent(&self, now: Instant) -> impl Iterator<Item = bool> {
        self.outcomes
            .iter()
            .filter(move |(at, _)| now.saturating_duration_since(*at) < WINDOW)
            .map(|(_, failed)| *failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcomes: &str, now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for outcome in outcomes.chars() {
            match outcome {
                '-' => breaker.failed(Pass::Usual, now),
                _ => breaker.succeeded(Pass::Usual, now),
            }
        }
        breaker
    }

    #[test]
    fn it_opens_after_five_failures_when_they_are_half_of_all() {
        let now = Instant::now();
        for (outcomes, wanted) in [
            ("----", BreakerState::Closed),
            ("-----", BreakerState::Open),
            ("+-+-+-+-+-", BreakerState::Open),
            ("++-++-++-++-++-++-", BreakerState::Closed),
            ("++++++++++++++++++++-----", BreakerState::Closed),
            ("++++++++++++++++++++----------", BreakerState::Open),
        ] {
            assert_eq!(after(outcomes, now).state(), wanted, "{outcomes}");
        }
    }

    #[test]
    fn failures_of_long_ago_do_not_count() {
        let now = Instant::now();
        let mut breaker = after("----", now);
        let later = now + WINDOW;
        breaker.failed(Pass::Usual, later);
        assert_eq!((breaker.state(), breaker.failures(later)), (BreakerState::Closed, 1));
        assert!(breaker.is_idle(later + WINDOW) && !breaker.is_idle(later));
    }

    #[test]
    fn one_probe_after_a_pause_closes_it_or_opens_it_for_longer() {
        let now = Instant::now();
        let mut breaker = after("-----", now);
        assert_eq!((breaker.ready_in(now), breaker.enter(now)), (PAUSE_FIRST, None));
        let later = now + PAUSE_FIRST;
        assert_eq!((breaker.enter(later), breaker.enter(later)), (Some(Pass::Probe), None));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.failed(Pass::Probe, later);
        assert_eq!(breaker.ready_in(later), PAUSE_FIRST * 2);
        let later = later + PAUSE_FIRST * 2;
        assert_eq!(breaker.enter(later), Some(Pass::Probe));
        breaker.nothing_learned(Pass::Probe, later);
        assert_eq!(breaker.enter(later), Some(Pass::Probe), "another one may look");
        breaker.succeeded(Pass::Probe, later);
        assert_eq!((breaker.state(), breaker.enter(later)), (BreakerState::Closed, Some(Pass::Usual)));
        assert!(breaker.is_idle(later));
    }

    #[test]
    fn pauses_are_bounded_and_late_outcomes_change_nothing() {
        let mut now = Instant::now();
        let mut breaker = after("-----", now);
        for _ in 0..40 {
            now += PAUSE_MAX;
            assert_eq!(breaker.enter(now), Some(Pass::Probe));
            breaker.failed(Pass::Probe, now);
        }
        assert_eq!(breaker.ready_in(now), PAUSE_MAX);
        breaker.failed(Pass::Usual, now);
        breaker.succeeded(Pass::Usual, now);
        assert_eq!((breaker.ready_in(now), breaker.state()), (PAUSE_MAX, BreakerState::Open));
    }
}

//! Figures over rounds, and what they are held against.

use serde::{Deserialize, Serialize};

use super::contender::Kind;
use super::results::{Outcome, Results};

/// Median, least and most of a figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Of an even number the mean of the middle two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// None of nothing.
    pub fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = figures.collect();
        all.sort_by(f64::total_cmp);
        let (min, max) = (*all.first()?, *all.last()?);
        let middle = all.len() / 2;
        let median = if all.len() % 2 == 1 { all[middle] } else { f64::midpoint(all[middle - 1], all[middle]) };
        Some(Self { median, min, max })
    }
}

/// How a target is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    NotMeasured,
    NotMet,
    Met,
    Stretch,
}

impl Grade {
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::NotMeasured => "not measured",
            Self::NotMet => "**not met**",
            Self::Met => "met",
            Self::Stretch => "met, stretch as well",
        }
    }
}

/// A target: what is to be reached at least, and better.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    /// Digits behind the point.
    pub(super) digits: usize,
    pub(super) least: f64,
    pub(super) stretch: f64,
    pub(super) measured: Option<f64>,
}

impl Target {
    /// A stretch below the least means that less is better.
    pub(super) fn grade(&self) -> Grade {
        let Some(measured) = self.measured else { return Grade::NotMeasured };
        let reaches = |wanted: f64| if self.stretch < self.least { measured <= wanted } else { measured >= wanted };
        match (reaches(self.least), reaches(self.stretch)) {
            (_, true) => Grade::Stretch,
            (true, false) => Grade::Met,
            (false, false) => Grade::NotMet,
        }
    }
}

/// The median rate of one, divided by that of another in the same bench.
pub(super) fn ratio(results: &Results, kind: Kind, other: Kind) -> Option<f64> {
    let rate = |kind| Some(results.of(kind)?.rate()?.median);
    Some(rate(kind)? / rate(other)?).filter(|ratio| ratio.is_finite())
}

/// What this bench can tell of the project's targets.
pub(super) fn targets(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for (kind, name, least, stretch) in [
        (
            Kind::Embedded,
            [
                "embedded",
                "embedded, share of the bare route",
                "embedded, p99 at half the rate",
                "embedded against OpenBao",
            ],
            20_000.0,
            35_000.0,
        ),
        (
            Kind::Production,
            [
                "production",
                "production, share of the bare route",
                "production, p99 at half the rate",
                "production against OpenBao",
            ],
            12_000.0,
            20_000.0,
        ),
    ] {
        let outcome = results.of(kind);
        let rate = outcome.and_then(Outcome::rate).map(|rate| rate.median);
        let late = outcome.and_then(|outcome| outcome.half_ms(0.99)).map(|late| late.median);
        let share = ratio(results, kind, Kind::Bare).map(|share| share * 100.0);
        let against = ratio(results, kind, Kind::Openbao);
        let target =
            |what, unit, digits, (least, stretch), measured| Target { what, unit, digits, least, stretch, measured };
        targets.push(target(name[0], "/s", 0, (least, stretch), rate));
        targets.push(target(name[1], " %", 0, (20.0, 35.0), share));
        targets.push(target(name[2], " ms", 1, (10.0, 5.0), late));
        targets.push(target(name[3], "x", 1, (2.0, 4.0), against));
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_one_or_between_the_middle_two() {
        let spread = |figures: &[f64]| Spread::of(figures.iter().copied());
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0]).map(|spread| spread.median), Some(2.5));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn of_a_rate_more_is_better_and_of_a_latency_less() {
        let grade =
            |least, stretch, measured| Target { what: "", unit: "", digits: 0, least, stretch, measured }.grade();
        let rate = [1.0, 2.0, 3.0, 4.0, 5.0].map(|measured| grade(2.0, 4.0, Some(measured)));
        assert_eq!(rate, [Grade::NotMet, Grade::Met, Grade::Met, Grade::Stretch, Grade::Stretch]);
        let late = [1.0, 5.0, 9.0, 11.0].map(|measured| grade(10.0, 5.0, Some(measured)));
        assert_eq!(late, [Grade::Stretch, Grade::Stretch, Grade::Met, Grade::NotMet]);
        assert_eq!(grade(1.0, 2.0, None), Grade::NotMeasured);
    }
}

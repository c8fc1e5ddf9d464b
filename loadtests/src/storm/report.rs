//! Everything that was measured, and what it is held against.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::page;
use crate::bench::Spread;
use crate::load::{Axis, Chart, Curve, Latencies, Run, table};
use crate::page::{Goal, Origin, Place, count, goals, ms, two};
use crate::scenarios::Guesses;
use crate::stage::Saturation;

/// The others' p99 beside the storm stays below so many times the quiet one.
pub(super) const TIMES: f64 = 2.0;

/// What quiet runs and runs beside the storm came to. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and of what.
    pub origin: Origin,
    /// What closed loops reached, unless the rate was told.
    pub saturation: Option<Saturation>,
    /// The share of it that is played.
    pub share_percent: u64,
    /// Logins a second.
    pub rate: u64,
    /// Users who log in.
    pub users: usize,
    /// Guesses a second.
    pub guesses_per_s: u64,
    /// Users of each round whose codes are guessed.
    pub victims: u64,
    /// Connections that guess.
    pub attackers: u64,
    /// In the order in which they were played.
    pub rounds: Vec<Round>,
}

/// A quiet run, and one beside the storm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Logins, and nothing else.
    pub quiet: Run,
    /// The same logins beside the storm.
    pub hostile: Run,
    /// What the storm was told.
    pub guesses: Guesses,
}

impl Round {
    /// In a line.
    pub(super) fn told(&self) -> String {
        let [quiet, hostile] = [&self.quiet, &self.hostile].map(|run| ms(run.latency.ms(0.99)));
        format!("p99 {quiet}, {hostile} beside {} guesses", count(self.guesses.all()))
    }

    /// How many times as long the others' p99 is beside the storm.
    pub(super) fn ratio(&self) -> f64 {
        self.hostile.latency.ms(0.99) / self.quiet.latency.ms(0.99)
    }
}

impl Report {
    /// Whether something was asked, every answer was there and right, no login was refused, and no guess was let in.
    pub fn holds(&self) -> bool {
        let guesses = self.guesses();
        self.logins() > 0 && self.refused_logins() == 0 && guesses.violations == 0 && self.runs().all(Run::holds)
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.rounds.iter().flat_map(|round| [&round.quiet, &round.hostile])
    }

    /// Logins with a right code that were not let in, or were due and never sent.
    pub fn refused_logins(&self) -> u64 {
        self.runs().map(|run| run.failures + run.total().refused + run.schedule.unsent).sum()
    }

    /// Logins.
    pub(super) fn logins(&self) -> u64 {
        self.runs().map(|run| run.total().all() + run.schedule.unsent).sum()
    }

    /// What all storms were told.
    pub fn guesses(&self) -> Guesses {
        self.rounds.iter().fold(Guesses::default(), |sum, round| sum.plus(&round.guesses))
    }

    /// Milliseconds at a quantile over the rounds, quiet and beside the storm.
    pub(super) fn at(&self, quantile: f64) -> Option<[Spread; 2]> {
        let of = |run: fn(&Round) -> &Run| Spread::of(self.rounds.iter().map(|round| run(round).latency.ms(quantile)));
        Some([of(|round| &round.quiet)?, of(|round| &round.hostile)?])
    }

    /// How many times as long the others wait at a quantile: the medians, one by the other.
    pub fn times(&self, quantile: f64) -> Option<f64> {
        let [quiet, hostile] = self.at(quantile)?;
        Some(hostile.median / quiet.median).filter(|times| times.is_finite() && quiet.median > 0.0)
    }

    /// What was demanded.
    pub fn goals(&self) -> Vec<Goal> {
        let below = format!("below {TIMES:.0}x the quiet value");
        let times = self.times(0.99);
        let late = times.map(|times| Goal::new("p99 of the others", &below, format!("{}x", two(times)), times < TIMES));
        let (refused, guesses) = (self.refused_logins(), self.guesses());
        let told = format!("{} of {}", count(refused), count(self.logins()));
        let let_in = format!("{} of {}", count(guesses.violations), count(guesses.all()));
        vec![
            late.unwrap_or_else(|| Goal::not_measured("p99 of the others", &below)),
            Goal::new("right codes of the others not accepted", "0", told, refused == 0),
            Goal::new("guesses let in, or evaluated behind a lock", "0", let_in, guesses.violations == 0),
            Goal::new("guesses without an answer", "0", count(guesses.unanswered), guesses.unanswered == 0),
        ]
    }

    /// The pictures with their names.
    pub(super) fn charts(&self) -> Result<Vec<(&'static str, Chart)>> {
        let all = |run: fn(&Round) -> &Run| -> Result<Latencies> {
            let mut all = Latencies::default();
            self.rounds.iter().try_for_each(|round| all.add(&run(round).latency))?;
            Ok(all)
        };
        let curves = vec![
            Curve::by_quantile("quiet", &all(|round| &round.quiet)?),
            Curve::by_quantile("beside the storm", &all(|round| &round.hostile)?),
        ];
        let remark = || format!("{} logins a second, {}", self.rate, self.origin.remark());
        let p99 = |label: &str, run: fn(&Round) -> &Run| Curve {
            label: label.to_owned(),
            points: (1..).zip(&self.rounds).map(|(n, round)| (f64::from(n), run(round).latency.ms(0.99))).collect(),
        };
        let by_round = Chart {
            title: "p99 of logins, round by round".to_owned(),
            remark: remark(),
            x: Axis::linear("round"),
            y: Axis::linear("ms"),
            curves: vec![p99("quiet", |round| &round.quiet), p99("beside the storm", |round| &round.hostile)],
        };
        let title = "Logins of others: latency by quantile, all rounds";
        Ok(vec![("latency", Chart::by_quantile(title, remark(), curves)), ("rounds", by_round)])
    }

    /// Writes the page and its pictures.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn write(&self, place: &Place) -> Result<()> {
        let pictures = place.draw(&self.charts()?)?;
        place.write(&page::markdown(self, &pictures))
    }

    /// Prints what came of it.
    pub fn print(&self) {
        let runs: Vec<&Run> = self.runs().collect();
        println!("{}\n\n{}", table(&runs), goals(&self.goals()));
    }
}

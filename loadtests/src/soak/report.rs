//! Everything that was measured, and what it is held against.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::memory::{Course, FLAT_PERCENT};
use super::probe::{LAG, Lag};
use super::watch::Sample;
use super::{Ending, charts, page};
use crate::load::{Latencies, Pace, Run, table};
use crate::page::{Goal, Origin, Place, count, goals, ms};
use crate::stage::Saturation;

/// Most milliseconds of lag in 99 of a hundred writes.
pub(super) const LAG_MS: f64 = 200.0;

/// A soak. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and of what.
    pub origin: Origin,
    /// What closed loops reached, unless the rate was told.
    pub saturation: Option<Saturation>,
    /// Users with an authenticator, at the beginning.
    pub users: usize,
    /// Operations a second.
    pub rate: u64,
    /// The load.
    pub mixed: Run,
    /// The probe.
    pub lag: Run,
    /// Each write of the probe.
    pub lags: Vec<Lag>,
    /// The processes of the samples.
    pub processes: Vec<String>,
    /// How many of the first of them are the product's own; the others are broker and database.
    pub own: usize,
    /// Second by second.
    pub samples: Vec<Sample>,
    /// The end.
    pub ending: Ending,
}

impl Report {
    /// Whether something was asked, every answer was there and right, everything ended as it should, and the log is sound.
    pub fn holds(&self) -> bool {
        self.mixed.total().all() > 0
            && self.mixed.holds()
            && self.lag.holds()
            && self.ending.trouble.is_none()
            && self.ending.sound
    }

    /// Operations, those of the probe included, that were answered wrongly, refused, or not at all.
    pub fn errors(&self) -> u64 {
        let of = |run: &Run| run.failures + run.total().refused + run.schedule.unsent;
        of(&self.mixed) + of(&self.lag)
    }

    /// The lag of the read model.
    pub fn read_model_lag(&self) -> Latencies {
        self.lag.parts.get(LAG).cloned().unwrap_or_default()
    }

    /// Writes of the probe.
    pub(super) fn probes_per_s(&self) -> u64 {
        match self.lag.plan.pace {
            Pace::Open { per_second } => per_second,
            Pace::Closed => 0,
        }
    }

    /// Memory of the product's own processes together.
    pub(super) fn own_memory(&self) -> Option<Course> {
        Course::of(&self.samples, |sample| sample.mib.iter().take(self.own).sum())
    }

    /// Memory of one process.
    pub(super) fn memory(&self, process: usize) -> Option<Course> {
        Course::of(&self.samples, |sample| sample.mib.get(process).copied().unwrap_or(0.0))
    }

    /// Processor time of a process, in cores, on average.
    pub(super) fn cores(&self, process: usize) -> f64 {
        let at = |sample: Option<&Sample>| Some((sample?.at_s, *sample?.cpu_s.get(process)?));
        match (at(self.samples.first()), at(self.samples.last())) {
            (Some((from, before)), Some((until, after))) if until > from => (after - before) / (until - from),
            _ => 0.0,
        }
    }

    /// The most commits that were in the log and not in the read model, as the product tells it.
    pub(super) fn farthest_behind(&self) -> Option<u64> {
        let behind = |sample: &Sample| Some(sample.head?.saturating_sub(sample.projected?));
        self.samples.iter().filter_map(behind).max()
    }

    /// What was demanded of a soak.
    pub fn goals(&self) -> Vec<Goal> {
        let planned = self.mixed.plan.seconds;
        #[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
        let whole = !self.mixed.ended_early && self.mixed.took_s >= planned as f64;
        let (errors, all) = (self.errors(), self.mixed.total().all() + self.lag.total().all());
        let lag = self.read_model_lag();
        let flat = format!("last quarter at most {FLAT_PERCENT:.0} % above the first");
        let memory = self.own_memory().map(|course| {
            let told =
                format!("{:.0} MiB, then {:.0} MiB ({:+.1} %)", course.first, course.last, course.growth_percent());
            Goal::new("memory of the product", &flat, told, course.is_flat())
        });
        let below = format!("below {LAG_MS:.0} ms");
        let lag = if lag.count() == 0 {
            Goal::not_measured("read-model lag, p99", &below)
        } else {
            Goal::new("read-model lag, p99", &below, ms(lag.ms(0.99)), lag.ms(0.99) < LAG_MS)
        };
        let verified = if self.ending.sound { "sound" } else { "not sound" };
        vec![
            Goal::new("played", &format!("{planned} s"), format!("{:.0} s", self.mixed.took_s), whole),
            Goal::new("wrong, refused or unanswered", "0", format!("{} of {}", count(errors), count(all)), errors == 0),
            lag,
            memory.unwrap_or_else(|| Goal::not_measured("memory of the product", &flat)),
            Goal::new("`twofold verify-log` at the end", "sound", verified.to_owned(), self.ending.sound),
        ]
    }

    /// Writes the page and its pictures.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn write(&self, place: &Place) -> Result<()> {
        let pictures = place.draw(&charts::all(self))?;
        place.write(&page::markdown(self, &pictures))
    }

    /// Prints what came of it.
    pub fn print(&self) {
        println!("{}\n\n{}", table(&[&self.mixed, &self.lag]), goals(&self.goals()));
        self.ending.said.iter().for_each(|line| println!("  {line}"));
    }
}

//! Cutting the power of one log, again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::ProgressBar;

use super::disk::Survival;
use super::load::{Entry, Receipt, compare};
use super::mount::Machine;
use super::victim::{Victim, strike};
use crate::random::Dice;

/// Power losses in a hundred that come right after a kill and a new start.
const KILLED_FIRST: u64 = 30;
/// Appends acknowledged before the power is cut, at most, besides those on their way.
const MOST_APPENDS: u64 = 600;

/// What became of one log under one setting.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The log.
    pub log: &'static str,
    /// The setting.
    pub setting: &'static str,
    /// Whether it promises to lose nothing.
    pub promises: bool,
    /// Power losses.
    pub cuts: u64,
    /// Of them with nothing left of what was not synced; of the others some was.
    pub bare: u64,
    /// Of them right after a kill and a new start.
    pub killed_first: u64,
    /// Commits acknowledged.
    pub acknowledged: u64,
    /// Of them not there afterwards.
    pub lost: u64,
    /// Groups of which only a part was there.
    pub torn: u64,
    /// Power losses after which the log could not be opened or read.
    pub destroyed: u64,
    /// Why not, the last time.
    pub why: Option<String>,
}

impl Tally {
    /// Whether the run shows what it must: nothing lost where that is promised, and something where it is not.
    pub fn holds(&self) -> bool {
        let harmed = self.lost + self.torn + self.destroyed > 0;
        if self.promises { !harmed && self.acknowledged > 0 } else { self.lost > 0 }
    }
}

/// Cuts the power so many times, each time after a random number of appends. Sometimes the process is killed first and
/// started again. What it shows then counts as acknowledged, for it is what a repeated append is answered from.
pub async fn run(
    machine: &mut Machine,
    victim: &mut impl Victim,
    cuts: u64,
    dice: &mut Dice,
    bar: &ProgressBar,
) -> Result<Tally> {
    let (log, setting) = victim.name();
    bar.set_message(format!("{log} {setting}"));
    let tally = Tally { log, setting, promises: victim.promises(), ..Tally::default() };
    let mut rounds = Rounds { machine, victim, dice, tally, acknowledged: BTreeMap::new() };
    for _ in 0..cuts {
        rounds.open().await?;
        rounds.append().await?;
        if rounds.dice.percent(KILLED_FIRST) {
            rounds.kill().await?;
            let shown = rounds.open().await?;
            rounds.acknowledge(shown.into_iter().map(|entry| (entry.seq, entry.id)));
            rounds.tally.killed_first += 1;
        }
        rounds.cut().await?;
        bar.inc(1);
    }
    rounds.open().await?;
    rounds.kill().await?;
    Ok(rounds.tally)
}

/// The power losses of one log.
struct Rounds<'a, V> {
    machine: &'a mut Machine,
    victim: &'a mut V,
    dice: &'a mut Dice,
    tally: Tally,
    acknowledged: BTreeMap<u64, String>,
}

impl<V: Victim> Rounds<'_, V> {
    /// Starts the log on what the disk holds, and compares. A log that is destroyed begins again on an empty disk.
    async fn open(&mut self) -> Result<Vec<Entry>> {
        let error = match self.victim.open().await {
            Ok(stored) => {
                let findings = compare(&self.acknowledged, &stored);
                self.tally.lost += findings.lost.len() as u64;
                self.tally.torn += findings.torn;
                // What was lost once is not counted again.
                for seq in findings.lost {
                    self.acknowledged.remove(&seq);
                }
                return Ok(stored);
            }
            Err(error) => error,
        };
        self.tally.destroyed += 1;
        self.tally.lost += self.acknowledged.len() as u64;
        self.tally.why = Some(format!("{error:#}"));
        self.acknowledged.clear();
        self.kill().await?;
        self.machine.format()?;
        self.victim.open().await.context("on an empty disk")
    }

    async fn append(&mut self) -> Result<()> {
        let enough = usize::try_from(self.dice.between(1, MOST_APPENDS))?;
        let receipts = self.victim.append(enough, self.dice).await?;
        self.acknowledge(receipts);
        // Whoever was just told has not written again yet: the end must not always come then.
        let pause = self.dice.below(2 * self.machine.sync_takes().as_micros().try_into().unwrap_or(0));
        tokio::time::sleep(Duration::from_micros(pause)).await;
        Ok(())
    }

    /// Kills the process while its disk is slow: what it wrote is there, and what it wanted synced is not.
    async fn kill(&mut self) -> Result<()> {
        self.machine.stall();
        self.strike().await?;
        self.machine.go_on();
        Ok(())
    }

    /// Kills the process, whose disk stands still.
    async fn strike(&mut self) -> Result<()> {
        if let Some(pid) = self.victim.pid() {
            strike(pid)?;
        }
        self.machine.bury();
        let receipts = self.victim.end().await?;
        self.acknowledge(receipts);
        Ok(())
    }

    /// Cuts the power of the disk, and of the process a moment later, in which the disk gives no answer.
    async fn cut(&mut self) -> Result<()> {
        let survival = if self.dice.percent(50) { Survival::Nothing } else { Survival::Some };
        self.machine.cut_power(survival, self.dice);
        self.strike().await?;
        self.tally.cuts += 1;
        self.tally.bare += u64::from(survival == Survival::Nothing);
        self.machine.restart()
    }

    fn acknowledge(&mut self, receipts: impl IntoIterator<Item = Receipt>) {
        for (seq, id) in receipts {
            self.tally.acknowledged += u64::from(self.acknowledged.insert(seq, id).is_none());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_broken_by_any_harm_and_no_promise_must_show_a_loss() {
        let sound = Tally { promises: true, acknowledged: 9, ..Tally::default() };
        assert!(sound.holds());
        for harmed in [
            Tally { lost: 1, ..sound.clone() },
            Tally { torn: 1, ..sound.clone() },
            Tally { destroyed: 1, ..sound.clone() },
            Tally { acknowledged: 0, ..sound.clone() },
        ] {
            assert!(!harmed.holds(), "{harmed:?}");
        }
        let careless = Tally { promises: false, acknowledged: 9, ..Tally::default() };
        assert!(!careless.holds(), "a disk that forgets nothing proves nothing");
        assert!(Tally { lost: 1, ..careless }.holds());
    }
}

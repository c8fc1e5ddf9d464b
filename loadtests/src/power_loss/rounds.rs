//! Cutting the power of one log, again and again.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use indicatif::ProgressBar;

use super::disk::Survival;
use super::load::{Receipt, compare};
use super::mount::Machine;
use super::victim::{Victim, strike};
use crate::random::Dice;

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

/// Cuts the power so many times, each time after a random number of appends.
pub async fn run(
    machine: &mut Machine,
    victim: &mut impl Victim,
    cuts: u64,
    dice: &mut Dice,
    bar: &ProgressBar,
) -> Result<Tally> {
    let (log, setting) = victim.name();
    let mut tally = Tally { log, setting, promises: victim.promises(), ..Tally::default() };
    let mut acknowledged = BTreeMap::new();
    bar.set_message(format!("{log} {setting}"));
    for cut in 0..=cuts {
        match victim.open().await {
            Ok(stored) => {
                let findings = compare(&acknowledged, &stored);
                tally.lost += findings.lost.len() as u64;
                tally.torn += findings.torn;
                // What was lost once is not counted again.
                for seq in findings.lost {
                    acknowledged.remove(&seq);
                }
            }
            Err(error) => {
                tally.destroyed += 1;
                tally.lost += acknowledged.len() as u64;
                tally.why = Some(format!("{error:#}"));
                acknowledged.clear();
                end(machine, victim, None, dice).await?;
                machine.format()?;
                victim.open().await.context("on an empty disk")?;
            }
        }
        if cut == cuts {
            end(machine, victim, None, dice).await?;
            break;
        }
        let enough = dice.between(1, 600);
        let mut receipts = victim.append(usize::try_from(enough)?, dice).await?;
        let survival = if dice.percent(50) { Survival::Nothing } else { Survival::Some };
        receipts.extend(end(machine, victim, Some(survival), dice).await?);
        machine.restart()?;
        tally.cuts += 1;
        tally.bare += u64::from(survival == Survival::Nothing);
        tally.acknowledged += receipts.len() as u64;
        acknowledged.extend(receipts);
        bar.inc(1);
    }
    Ok(tally)
}

/// Kills the process, with the power or without.
async fn end(
    machine: &Machine,
    victim: &mut impl Victim,
    survival: Option<Survival>,
    dice: &mut Dice,
) -> Result<Vec<Receipt>> {
    let pid = victim.pid();
    if let Some(survival) = survival {
        machine.cut_power(survival, dice);
    }
    if let Some(pid) = pid {
        strike(pid)?;
    }
    machine.bury();
    victim.end().await
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

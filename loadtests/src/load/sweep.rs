//! Throughput against latency: how much there can be, and what it feels like on the way there.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::engine::run;
use super::plan::{Pace, Plan};
use super::run::Run;
use super::scenario::Scenario;

/// Shares of the saturated rate, in percent.
const SHARES: [u64; 7] = [10, 25, 50, 70, 80, 90, 100];

/// A closed loop, and open loops at shares of its rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// As much as there can be.
    pub saturated: Run,
    /// From the smallest share to all of it.
    pub steps: Vec<Run>,
}

impl Sweep {
    /// Whether every run holds.
    pub fn holds(&self) -> bool {
        self.saturated.holds() && self.steps.iter().all(Run::holds)
    }
}

/// Finds saturation with the plan as a closed loop, and plays it again on a schedule at 10, 25, 50, 70, 80, 90 and 100 %
/// of that rate. A run that was wrong, or in which nothing was done, is the last; one with nothing
/// left to play only ends early.
///
/// # Errors
/// As [`run`].
pub async fn sweep(scenario: &dyn Scenario, plan: &Plan, progress: bool) -> Result<Sweep> {
    let closed = Plan { pace: Pace::Closed, label: "saturated".to_owned(), ..plan.clone() };
    let saturated = run(scenario, &closed, progress).await?;
    let mut steps: Vec<Run> = Vec::with_capacity(SHARES.len());
    for share in SHARES {
        let before = steps.last().unwrap_or(&saturated);
        if !before.holds() || before.total().right == 0 {
            break;
        }
        let pace = Pace::Open { per_second: part(saturated.per_second(), share) };
        let open = Plan { pace, label: format!("{share} %"), ..plan.clone() };
        steps.push(run(scenario, &open, progress).await?);
    }
    Ok(Sweep { saturated, steps })
}

/// A share of a rate in percent, at least one a second.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small rates")]
pub(crate) fn part(rate: f64, percent: u64) -> u64 {
    ((rate * percent as f64 / 100.0) as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_rate_is_never_nothing() {
        assert_eq!([part(1000.0, 25), part(3.0, 10), part(0.0, 50)], [250, 1, 1]);
    }
}

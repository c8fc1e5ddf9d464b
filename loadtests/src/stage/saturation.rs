//! How much there can be: a few short closed loops.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::bench::Spread;
use crate::load::{Plan, Scenario, run};
use crate::page::thousands;
use crate::scenarios::Users;

/// What a server could do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// Operations a second of each loop.
    pub per_second: Vec<f64>,
    /// Seconds of each.
    pub seconds: u64,
    /// Connections.
    pub clients: usize,
}

impl Saturation {
    /// Plays so many loops, each as soon as all of the users have an unspent step. If all are spent, a loop ends early, which
    /// its rate does not show.
    ///
    /// # Errors
    /// A wrong answer, or nothing was done.
    pub(crate) async fn find(scenario: &dyn Scenario, users: &Users, plan: &Plan, rounds: u32) -> Result<Self> {
        let mut per_second = Vec::new();
        for round in 1..=rounds {
            users.all_rested().await;
            let told = run(scenario, &Plan { label: format!("saturated {round}"), ..plan.clone() }, true).await?;
            ensure!(told.holds(), "the server gave wrong answers or none: {:?}", told.examples);
            ensure!(told.total().right > 0, "the server did nothing under full load: {:?}", told.refusals);
            per_second.push(told.per_second());
        }
        Ok(Self { per_second, seconds: plan.seconds, clients: plan.clients })
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        Spread::of(self.per_second.iter().copied()).map_or(0.0, |spread| spread.median)
    }
}

/// Full load in a line of a page, with the share of it that is played.
pub(crate) fn told(found: Option<&Saturation>, percent: u64) -> String {
    let Some(found) = found else { return "- the rate was told, and full load not looked for\n".to_owned() };
    let loops: Vec<String> = found.per_second.iter().map(|rate| thousands(*rate)).collect();
    format!(
        "- full load: {} a second, the median of {} closed loops of {} s with {} clients ({}); {percent} % of it is played\n",
        thousands(found.median()),
        loops.len(),
        found.seconds,
        found.clients,
        loops.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_median_of_the_loops() {
        let found = Saturation { per_second: vec![900.0, 2000.0, 1000.0], seconds: 1, clients: 1 };
        assert!((found.median() - 1000.0).abs() < 1e-9, "{}", found.median());
        let line = told(Some(&found), 50);
        assert!(line.contains("1,000 a second, the median of 3 closed loops") && line.contains("50 %"), "{line}");
    }
}

//! How much there can be for long: closed loops with as many users as the load to be played has, until the read model has
//! everything of them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{Pool, Stage, tell};
use crate::bench::Spread;
use crate::load::{Plan, Scenario, part, run};
use crate::page::{count, thousands};
use crate::scenarios::Users;

/// Users of the first loop, which only tells how many the others need.
const FIRST_USERS: u32 = 30_000;
/// Seconds of a loop.
const LOOP_S: u64 = 10;
/// How often it is looked whether the read model is there.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Commits it may be behind then: what came in with the looking.
const THERE: u64 = 50;
/// How long it may take.
const BEHIND_FOR: Duration = Duration::from_mins(10);

/// What a server could sustain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// Operations a second of each loop, the time included until the read model had them: while there is more to do than
    /// time, it gives way, and what it is left behind has to be done as well.
    pub per_second: Vec<f64>,
    /// Seconds of each.
    pub seconds: u64,
    /// Connections.
    pub clients: usize,
    /// Users at the least.
    pub users: usize,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    /// Connections.
    pub(crate) clients: usize,
    /// Loops; the median counts.
    pub(crate) loops: u32,
    /// The share of it that is to be played, in percent: it tells how many users there must be.
    pub(crate) percent: u64,
    /// So many users instead.
    pub(crate) users: Option<u32>,
    /// What the mix is drawn from.
    pub(crate) seed: u64,
}

impl Saturation {
    /// Plays a loop to see how many users the share needs, makes them, and plays so many loops with them. If all of their
    /// steps are spent, a loop ends early, which its rate does not show.
    ///
    /// # Errors
    /// A wrong answer, nothing was done, or the read model does not follow.
    pub(crate) async fn find(
        stage: &Stage,
        pool: &mut Pool,
        search: &Search,
        scenario: impl Fn(Arc<Users>, u32) -> Box<dyn Scenario>,
    ) -> Result<Self> {
        let loop_of = async |pool: &mut Pool, count: u32, number: u32| {
            let users = pool.grown(stage, count).await?;
            let label = format!("saturated {number}");
            let plan = Plan { label, seed: search.seed, ..Plan::closed(search.clients, LOOP_S) };
            let rate = sustained(stage, &*scenario(users, number), &plan).await?;
            tell(&format!("{} operations a second of {count} users can be sustained", thousands(rate)));
            anyhow::Ok(rate)
        };
        let count = match search.users {
            Some(users) => users,
            None => Pool::needed(part(loop_of(pool, FIRST_USERS, 0).await?, search.percent)),
        };
        let mut found = Self { per_second: Vec::new(), seconds: LOOP_S, clients: search.clients, users: 0 };
        for number in 1..=search.loops {
            found.per_second.push(loop_of(pool, count, number).await?);
        }
        found.users = pool.len();
        Ok(found)
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        Spread::of(self.per_second.iter().copied()).map_or(0.0, |spread| spread.median)
    }
}

/// One loop.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
async fn sustained(stage: &Stage, scenario: &dyn Scenario, plan: &Plan) -> Result<f64> {
    stage.caught_up().await?;
    let told = run(scenario, plan, true).await?;
    ensure!(told.holds(), "the server gave wrong answers or none: {:?}", told.examples);
    ensure!(told.total().right > 0, "the server did nothing under full load: {:?}", told.refusals);
    let behind = stage.caught_up().await?;
    Ok(told.total().right as f64 / (told.took_s + behind.as_secs_f64()))
}

impl Stage {
    /// Waits until the read model has everything; answers how long that took.
    ///
    /// # Errors
    /// It does not follow.
    pub(crate) async fn caught_up(&self) -> Result<Duration> {
        let from = Instant::now();
        // A process without time to answer has not caught up.
        while !self.place.positions().await.is_ok_and(|at| at.head.saturating_sub(at.projected) <= THERE) {
            ensure!(from.elapsed() < BEHIND_FOR, "the read model has not caught up in {BEHIND_FOR:?}");
            sleep(LOOK_EVERY).await;
        }
        Ok(from.elapsed())
    }
}

/// Full load in a line of a page, with the share of it that is played.
pub(crate) fn told(found: Option<&Saturation>, percent: u64) -> String {
    let Some(found) = found else { return "- the rate was told, and full load not looked for\n".to_owned() };
    let loops: Vec<String> = found.per_second.iter().map(|rate| thousands(*rate)).collect();
    format!(
        "- full load: {} a second, the median of {} closed loops of {} s with {} clients and {} users, each until the \
         read model had everything ({}); {percent} % of it is played\n",
        thousands(found.median()),
        loops.len(),
        found.seconds,
        found.clients,
        count(found.users as u64),
        loops.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_median_of_the_loops() {
        let found = Saturation { per_second: vec![900.0, 2000.0, 1000.0], seconds: 1, clients: 1, users: 5000 };
        assert!((found.median() - 1000.0).abs() < 1e-9, "{}", found.median());
        let line = told(Some(&found), 50);
        assert!(line.contains("1,000 a second, the median of 3 closed loops") && line.contains("50 %"), "{line}");
    }
}

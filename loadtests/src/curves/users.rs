//! One number of users: rate, latency, processor time and memory.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::Options;
use super::server::Server;
use crate::load::{Latencies, Pace, Plan, Run, Scenario, run};
use crate::scenarios::{Users, Verify, seed};
use crate::stage::{SEEDERS, program};

/// What was measured with so many users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByUsers {
    /// Users with an authenticator.
    pub users: u32,
    /// Making them took so many seconds.
    pub seeded_in_s: f64,
    /// Verifications a second, closed loop: the median of the rounds.
    pub per_second: f64,
    /// Latency at half of that, open loop, all rounds.
    pub latency: Latencies,
    /// Processor time of the server for each verification, in microseconds, at half of the rate.
    pub cpu_us: f64,
    /// The same, saturated.
    pub saturated_cpu_us: f64,
    /// Memory of the server after its restart, before the first verification, in MiB.
    pub rss_at_ready_mib: f64,
    /// After the last one.
    pub rss_mib: f64,
    /// The most since the restart.
    pub peak_mib: f64,
    /// From a start on these data until it was ready, in seconds.
    pub ready_s: f64,
    /// Whatever makes the figures doubtful, each once.
    pub doubts: Vec<String>,
}

/// Makes the users on an empty server, starts it anew and measures. Answers the figures, and how the server is set up.
///
/// # Errors
/// The server does not start or gives a wrong answer.
pub(super) async fn measure(options: &Options, users: u32) -> Result<(ByUsers, Vec<String>)> {
    let mut server = Server::start(program(options.bin.as_ref())?, options.production).await?;
    let targets = server.targets();
    let begun = std::time::Instant::now();
    let made = seed::users(&targets, "curve", users, SEEDERS, true).await?;
    let seeded_in_s = begun.elapsed().as_secs_f64();
    let ready_s = server.restart().await?.as_secs_f64();
    let rss_at_ready_mib = server.usage()?.rss_mib;

    let users_all = Users::new(made)?;
    let scenario = Verify::new(targets, Arc::clone(&users_all), options.seed);
    let label = format!("{users} users");
    let closed = Plan { label, seed: options.seed, ..Plan::closed(options.clients, options.seconds) };
    let mut rounds = Rounds { server: &server, scenario: &scenario, doubts: Vec::new() };
    // Connections, caches and the allocator settle in a round that does not count.
    let few = Some(u64::from(users / 10).max(1));
    rounds.play(&Plan { seconds: 1, operations: few, ..closed.clone() }, 1).await?;
    rounds.doubts.clear();
    let (saturated, saturated_cpu_us) = rounds.play(&closed, options.rounds).await?;
    let per_second = median(saturated.iter().map(Run::per_second).collect());
    let open = Plan { pace: Pace::Open { per_second: half(per_second) }, ..closed };
    let (quiet, cpu_us) = rounds.play(&open, options.rounds).await?;
    let mut latency = Latencies::default();
    for run in &quiet {
        latency.add(&run.latency)?;
    }
    let doubts = rounds.doubts;
    let usage = server.usage()?;
    let told = ByUsers {
        users,
        seeded_in_s,
        per_second,
        latency,
        cpu_us,
        saturated_cpu_us,
        rss_at_ready_mib,
        rss_mib: usage.rss_mib,
        peak_mib: usage.peak_mib,
        ready_s,
        doubts,
    };
    Ok((told, server.setup()))
}

/// Plays the same again: few users spend their steps in no time, and then a round ends early.
struct Rounds<'a> {
    server: &'a Server,
    scenario: &'a Verify,
    doubts: Vec<String>,
}

impl Rounds<'_> {
    /// The runs, and the server's microseconds for each operation.
    async fn play(&mut self, plan: &Plan, rounds: usize) -> Result<(Vec<Run>, f64)> {
        let mut runs = Vec::with_capacity(rounds);
        let (mut cpu_s, mut operations) = (0.0, 0);
        for _ in 0..rounds {
            // Waits until the users have a step to spend, so that the server's idle time stays out of the account.
            drop(self.scenario.client(0).await?);
            let before = self.server.usage()?.cpu_s;
            let run = run(self.scenario, plan, true).await?;
            cpu_s += self.server.usage()?.cpu_s - before;
            operations += run.total().all();
            ensure!(run.holds(), "the server gave wrong answers: {:?}", run.examples);
            // With few users every round ends early, by design.
            for doubt in (Run { ended_early: false, ..run.clone() }).doubts() {
                if !run.ended_early && !self.doubts.contains(&doubt) {
                    self.doubts.push(doubt);
                }
            }
            runs.push(run);
        }
        #[expect(clippy::cast_precision_loss, reason = "operations are far below 2^52")]
        let each = cpu_s * 1e6 / operations.max(1) as f64;
        Ok((runs, each))
    }
}

/// The middle one; of an even number, the higher of the two.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small and not negative")]
fn half(per_second: f64) -> u64 {
    ((per_second / 2.0) as u64).max(1)
}

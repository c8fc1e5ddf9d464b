//! Users with a long history: how long the first verification after a start takes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::Options;
use super::server::Server;
use crate::client::{Connection, Target};
use crate::load::Latencies;
use crate::scenarios::{User, code, seed, step_now};
use crate::stage::program;

/// Users verified before those that count: connections and caches settle.
const WARM_UP: u32 = 20;
/// The most events for all users of one length of history, unless one user has more.
const EVENTS_FOR_ALL: u64 = 300_000;

/// What was measured with so many events of each user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByHistory {
    /// Events of each user, on top of his set-up.
    pub events: u64,
    /// How many users had them.
    pub users: u32,
    /// The first verification of each user after a start.
    pub first: Latencies,
    /// The one right after.
    pub next: Latencies,
}

/// The users of one length of history, and what was measured with them.
struct Cohort {
    users: Vec<User>,
    told: ByHistory,
}

/// What was measured on one server.
pub(super) struct Measured {
    pub(super) by_history: Vec<ByHistory>,
    /// Seconds until it was ready, each time.
    pub(super) ready_s: Vec<f64>,
    pub(super) setup: Vec<String>,
}

/// Makes users with histories on one server and verifies each twice after each of several starts.
///
/// # Errors
/// The server does not start or gives a wrong answer.
pub(super) async fn measure(options: &Options) -> Result<Measured> {
    let mut server = Server::start(program(options.bin.as_ref())?, options.production).await?;
    let targets = server.targets();
    let mut cohorts = Vec::with_capacity(options.history.len());
    for events in &options.history {
        let count =
            u32::try_from((EVENTS_FOR_ALL / events.max(&1)).max(1)).unwrap_or(u32::MAX).min(options.history_users);
        let users = seed::users(&targets, &format!("history-{events}"), count, options.clients, false).await?;
        age(&server.target()?, &users, *events).await?;
        let (first, next) = (Latencies::default(), Latencies::default());
        cohorts.push(Cohort { users, told: ByHistory { events: *events, users: count, first, next } });
    }
    let mut others = seed::users(&targets, "warm-up", WARM_UP, 1, false).await?;
    let mut ready_s = Vec::with_capacity(options.rounds);
    for _ in 0..options.rounds {
        ready_s.push(server.restart().await?.as_secs_f64());
        let mut connection = Connection::open(&server.target()?).await?;
        for user in &mut others {
            verify_twice(&mut connection, user).await?;
        }
        for cohort in &mut cohorts {
            for user in &mut cohort.users {
                let (first, next) = verify_twice(&mut connection, user).await?;
                cohort.told.first.record(first);
                cohort.told.next.record(next);
            }
        }
    }
    let by_history = cohorts.into_iter().map(|cohort| cohort.told).collect();
    Ok(Measured { by_history, ready_s, setup: server.setup() })
}

/// Gives each user so many events: his language changes to and fro.
async fn age(target: &Target, users: &[User], events: u64) -> Result<()> {
    let bar = ProgressBar::new(events.saturating_mul(users.len() as u64));
    bar.set_style(ProgressStyle::with_template("events {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")?);
    let mut tasks = JoinSet::new();
    for user in users {
        let (target, path, bar) = (target.clone(), user.path(""), bar.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(&target).await?;
            for number in 0..events {
                let locale = if number % 2 == 0 { "de" } else { "en" };
                let answer = connection.send("PUT", &path, &format!(r#"{{"locale":"{locale}"}}"#)).await?;
                ensure!(answer.status == 200, "PUT {path}: {} {}", answer.status, String::from_utf8_lossy(answer.body));
                bar.inc(1);
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a user's events")??;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Two verifications with the codes of this step and the next, which the server takes from a clock that is a little fast.
async fn verify_twice(connection: &mut Connection, user: &mut User) -> Result<(Duration, Duration)> {
    while step_now() <= user.spent {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let step = step_now();
    let first = verify(connection, user, step).await?;
    let next = verify(connection, user, step + 1).await?;
    user.spent = step + 1;
    Ok((first, next))
}

async fn verify(connection: &mut Connection, user: &User, step: u64) -> Result<Duration> {
    let (path, body) = (user.path("/verify"), format!(r#"{{"code":"{}"}}"#, code(&user.secret, step)));
    let begun = Instant::now();
    let answer = connection.send("POST", &path, &body).await?;
    let took = begun.elapsed();
    let text = String::from_utf8_lossy(answer.body);
    ensure!(answer.status == 200 && text.contains(r#""verified":true"#), "POST {path}: {} {text}", answer.status);
    Ok(took)
}

//! `POST /v1/users/{user}/verify`, closed loop. A step succeeds once per user, so a round gives every user one code of
//! the current step and the rounds follow the clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use tokio::sync::Mutex;

use crate::client::{Connection, Target};
use crate::report::{Round, print};
use crate::seed::{User, code, current_step, unix_millis, users};

/// Options of the scenario.
#[derive(Debug, Args)]
pub struct Options {
    /// The server, on this machine.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An API key with the scopes login and users.
    #[arg(long)]
    key: String,
    /// Users to enrol.
    #[arg(long, default_value_t = 10_000)]
    users: usize,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Rounds; each waits for a new TOTP step.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Wrong codes among a hundred.
    #[arg(long, default_value_t = 8)]
    wrong_percent: usize,
    /// Replays of a spent code among a hundred.
    #[arg(long, default_value_t = 2)]
    replay_percent: usize,
}

/// One request with the answer it must get.
#[derive(Debug)]
struct Shot {
    path: Arc<str>,
    body: String,
    expected: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Right,
    Wrong,
    Replayed,
}

impl Expected {
    fn is_met(self, status: u16, body: &[u8]) -> bool {
        let says = |text: &[u8]| body.windows(text.len()).any(|w| w == text);
        match self {
            Self::Right => status == 200 && says(br#""verified":true"#),
            Self::Wrong => status == 422 && says(br#""code":"wrong_code""#),
            Self::Replayed => status == 422 && says(br#""code":"already_used""#),
        }
    }
}

/// Runs the scenario.
pub async fn run(options: Options) -> Result<()> {
    let target = Target::parse(&options.url, &options.key)?;
    let prefix = format!("load-{}", unix_millis()?);
    let seeded = users(&target, &prefix, options.users, options.connections).await?;
    let mut rounds = Vec::new();
    let mut last_step = current_step()?;
    for _ in 0..options.rounds {
        // Early in a new step, so that the whole round falls into it.
        while current_step()? == last_step {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        last_step = current_step()?;
        let shots = plan(&seeded, last_step, &options);
        rounds.push(round(&target, shots, options.connections).await?);
    }
    print(&rounds);
    ensure!(rounds.iter().all(|r| r.wrong_answers == 0), "the server gave wrong answers");
    Ok(())
}

/// A share of the users sends a wrong code, a share sends its right code twice.
fn plan(seeded: &[User], step: u64, options: &Options) -> Vec<Shot> {
    let mut shots = Vec::with_capacity(seeded.len() + seeded.len() * options.replay_percent / 100);
    let mut replays = Vec::new();
    for (n, user) in seeded.iter().enumerate() {
        let path: Arc<str> = user.path.as_str().into();
        let right = code(&user.secret, step);
        // Another hundredth of the users each round, so that nobody guesses wrong often enough to be locked.
        let lot = (n + usize::try_from(step % 100).unwrap_or(0) * 17) % 100;
        if lot < options.wrong_percent {
            let near: Vec<String> = (step - 1..=step + 1).map(|s| code(&user.secret, s)).collect();
            let wrong = (0..10).map(|d| format!("{d:06}")).find(|c| !near.contains(c)).unwrap_or_default();
            shots.push(Shot { path, body: format!(r#"{{"code":"{wrong}"}}"#), expected: Expected::Wrong });
            continue;
        }
        let body = format!(r#"{{"code":"{right}"}}"#);
        if lot < options.wrong_percent + options.replay_percent {
            replays.push(Shot { path: Arc::clone(&path), body: body.clone(), expected: Expected::Replayed });
        }
        shots.push(Shot { path, body, expected: Expected::Right });
    }
    // Replays come last: each after its original was answered.
    shots.extend(replays);
    shots
}

async fn round(target: &Target, shots: Vec<Shot>, connections: usize) -> Result<Round> {
    let count = shots.len();
    let queue = Arc::new(Mutex::new(VecDeque::from(shots)));
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(target).await?);
    }
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for mut connection in open {
        let queue = Arc::clone(&queue);
        tasks.spawn(async move {
            let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
            let mut wrong_answers = 0u64;
            loop {
                let Some(shot) = queue.lock().await.pop_front() else {
                    return Ok::<_, anyhow::Error>((latencies, wrong_answers));
                };
                let sent = Instant::now();
                let answer = connection.send("POST", &shot.path, &shot.body).await?;
                let met = shot.expected.is_met(answer.status, answer.body);
                latencies.record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX))?;
                wrong_answers += u64::from(!met);
            }
        });
    }
    let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    let mut wrong_answers = 0;
    while let Some(part) = tasks.join_next().await {
        let (part, wrong) = part??;
        latencies.add(part)?;
        wrong_answers += wrong;
    }
    Ok(Round { count, took: start.elapsed(), latencies, wrong_answers })
}

//! The lag of the read model, as a panel sees it: a write, and how long it takes from its answer until a read shows it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::client::{Connection, Target};
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};

/// The part of an operation that is the lag.
pub(super) const LAG: &str = "lag";
/// Longest wait for a write to be shown. A single read waits a few seconds at most and is repeated.
const LONGEST: Duration = Duration::from_secs(30);
/// Most samples that are kept: a day of ten a second.
const SAMPLES_MAX: usize = 900_000;

/// One write.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lag {
    /// When it was shown, in seconds since the warm-up was over.
    pub at_s: f64,
    /// How long after its answer, in milliseconds.
    pub ms: f64,
}

/// The scenario: each client writes to a user of its own and reads that user's audit.
#[derive(Debug)]
pub(super) struct Probe {
    target: Target,
    measured_from: Instant,
    samples: Arc<Mutex<Vec<Lag>>>,
}

impl Probe {
    /// From now on, after a warm-up.
    pub(super) fn new(target: Target, warm_up: Duration) -> Self {
        Self { target, measured_from: Instant::now() + warm_up, samples: Arc::default() }
    }

    /// What was measured so far, in the order in which writes were shown.
    pub(super) fn samples(&self) -> Vec<Lag> {
        self.samples.lock().clone()
    }
}

impl Scenario for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            let client: Box<dyn Client> = Box::new(Prober {
                target: self.target.clone(),
                connection: None,
                path: format!("/v1/users/probe-{number}"),
                turn: 0,
                measured_from: self.measured_from,
                samples: Arc::clone(&self.samples),
            });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Prober {
    target: Target,
    connection: Option<Connection>,
    path: String,
    turn: u64,
    measured_from: Instant,
    samples: Arc<Mutex<Vec<Lag>>>,
}

impl Client for Prober {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async {
            let (mut parts, begun) = (Vec::with_capacity(2), Instant::now());
            let verdict = match self.write().await {
                Err(verdict) => verdict,
                Ok(position) => {
                    let answered = Instant::now();
                    parts.push(("write", answered - begun));
                    let shown = self.shown(position, answered).await;
                    parts.push((LAG, answered.elapsed()));
                    self.note(answered.elapsed());
                    shown.err().unwrap_or(Verdict::Right)
                }
            };
            Some(Played { kind: "probe", verdict, parts })
        })
    }
}

impl Prober {
    /// Changes the user's language to and fro; answers the position of the change.
    async fn write(&mut self) -> Result<u64, Verdict> {
        self.turn += 1;
        let locale = if self.turn.is_multiple_of(2) { "en" } else { "de" };
        let path = self.path.clone();
        let (status, body) = self.send("PUT", &path, &format!(r#"{{"locale":"{locale}"}}"#)).await?;
        match (status, body["position"].as_u64()) {
            (200, Some(position)) => Ok(position),
            (429 | 503, _) => Err(Verdict::Refused(status)),
            _ => Err(Verdict::WrongAnswer(format!("expected the user and a position, got {status} {body}"))),
        }
    }

    /// Reads until the write is shown.
    async fn shown(&mut self, position: u64, answered: Instant) -> Result<(), Verdict> {
        let path = format!("{}/audit?limit=1&min_position={position}", self.path);
        while answered.elapsed() < LONGEST {
            let (status, body) = self.send("GET", &path, "").await?;
            match status {
                // The newest event of a user to whom nobody else writes.
                200 if body["items"][0]["position"].as_u64() == Some(position) => return Ok(()),
                503 => {}
                _ => return Err(Verdict::WrongAnswer(format!("expected an event at {position}, got {status} {body}"))),
            }
        }
        Err(Verdict::NoAnswer(format!("position {position} is not shown after {LONGEST:?}")))
    }

    fn note(&self, lag: Duration) {
        let Some(at) = Instant::now().checked_duration_since(self.measured_from) else { return };
        let mut samples = self.samples.lock();
        if samples.len() < SAMPLES_MAX {
            samples.push(Lag { at_s: at.as_secs_f64(), ms: lag.as_secs_f64() * 1000.0 });
        }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Value), Verdict> {
        match timeout(LONGEST, self.try_send(method, path, body)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Err(Verdict::NoAnswer(format!("{method} {path}: {error:#}"))),
            Err(_) => Err(Verdict::NoAnswer(format!("{method} {path}: none in {LONGEST:?}"))),
        }
        // What a broken connection still brings would be taken for the answer to something else.
        .inspect_err(|_| self.connection = None)
    }

    async fn try_send(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Value)> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.target).await?),
        };
        let answer = connection.send(method, path, body).await?;
        let (status, closes) = (answer.status, answer.closes);
        let body = serde_json::from_slice(answer.body).unwrap_or_default();
        if closes {
            self.connection = None;
        }
        Ok((status, body))
    }
}

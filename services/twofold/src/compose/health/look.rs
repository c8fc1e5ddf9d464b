//! One look at everything a process needs.

use std::time::{Duration, Instant};

use twofold_event_log::Seq;

use super::Parts;
use crate::compose::deployment::Vitals;

/// Longest time for each of the questions, which are asked side by side.
const LIMIT: Duration = Duration::from_secs(3);
/// An owner that never has a key.
const NOBODY: &str = "readiness/probe";

/// What was found. Texts are for operators.
#[derive(Debug, Clone)]
pub struct Look {
    /// When.
    pub at: Instant,
    /// The last position of the log.
    pub head: Result<Seq, String>,
    /// Whether the key store answers; none where it is not used.
    pub keys: Option<Result<(), String>>,
    /// How far the read model has come; none where it is not used.
    pub projected_to: Option<Result<Seq, String>>,
    /// For how long something has waited to be projected.
    pub lag_seconds: f64,
    /// What the servers say of themselves.
    pub vitals: Vitals,
}

/// Asks everybody.
pub async fn look(parts: &Parts) -> Look {
    let head = limited(parts.log.head());
    let keys = async {
        match &parts.keys {
            Some(keys) => Some(limited(keys.get(NOBODY)).await.map(drop)),
            None => None,
        }
    };
    let projected_to = async {
        match &parts.store {
            Some(store) => Some(limited(store.checkpoint()).await),
            None => None,
        }
    };
    let vitals = async { tokio::time::timeout(LIMIT, parts.deployment.vitals()).await.unwrap_or_default() };
    let (head, keys, projected_to, vitals) = tokio::join!(head, keys, projected_to, vitals);
    Look { at: Instant::now(), head, keys, projected_to, lag_seconds: 0.0, vitals }
}

async fn limited<T, E: std::fmt::Display>(asking: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(LIMIT, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

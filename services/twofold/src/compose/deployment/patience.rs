//! What to do about servers that do not answer yet.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(300);
/// How often it is said that something is still waited for.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// What to do while a server that is needed does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Say so and end: somebody waits for the command.
    None,
    /// Say so now and then, and go on trying: what starts together need not start in order.
    Endless,
}

/// Why an attempt failed, for operators.
#[derive(Debug)]
pub enum Trouble {
    /// Another attempt may help.
    Passing(String),
    /// It will not.
    Lasting(String),
}

impl Patience {
    /// Tries until it is done, or until there is no use in trying.
    pub async fn wait_for<T, F>(self, what: &'static str, mut attempt: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut said: Option<Instant> = None;
        loop {
            match (attempt().await, self) {
                (Ok(done), _) => {
                    if said.is_some() {
                        tracing::info!(what, "here now");
                    }
                    return Ok(done);
                }
                (Err(Trouble::Lasting(text)), _) | (Err(Trouble::Passing(text)), Self::None) => {
                    return Err(Failure::new(text));
                }
                (Err(Trouble::Passing(text)), Self::Endless) => {
                    if said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
                        tracing::warn!("waiting for {what}: {text}");
                        said = Some(Instant::now());
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

//! Waiting on a condition, for servers in their own processes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a server may take to start on a machine that does many other things.
pub(crate) const STARTED: Duration = Duration::from_mins(1);

/// A lone server is ready within milliseconds, a cluster may need seconds for an election: it is asked less and less.
const OFTEN: Duration = Duration::from_millis(5);
const SELDOM: Duration = Duration::from_millis(50);

/// Asks until the answer is yes. An error ends the waiting.
///
/// # Errors
/// That of the question, or the time is up.
pub(crate) fn until(what: &str, limit: Duration, mut question: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + limit;
    let mut pause = OFTEN;
    while !question()? {
        if Instant::now() >= end {
            bail!("not within {limit:?}: {what}");
        }
        thread::sleep(pause);
        pause = (pause * 5 / 4).min(SELDOM);
    }
    Ok(())
}

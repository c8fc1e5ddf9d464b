//! Killing whoever sends, again and again, while the run goes on.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::place::Place;
use crate::faults::house::Role;
use crate::random::Dice;

/// Until a killed process is started again, in milliseconds.
const AWAY_MS: (u64, u64) = (50, 800);

/// Kills one every so often until told to stop; answers how many.
///
/// # Errors
/// A process that does not come back, or that ended by itself.
pub(super) async fn kill(place: &mut Place, every: Duration, stop: &CancellationToken, mut dice: Dice) -> Result<u64> {
    let mut kills = 0;
    while stop.run_until_cancelled(sleep(every)).await.is_some() {
        let senders = place.senders();
        if let Some(end) = senders.iter_mut().find_map(Role::ended) {
            anyhow::bail!("{end}");
        }
        let at = usize::try_from(dice.below(senders.len() as u64))?;
        senders[at].kill();
        kills += 1;
        sleep(Duration::from_millis(dice.between(AWAY_MS.0, AWAY_MS.1))).await;
        senders[at].start()?;
        senders[at].wait_until_ready().await?;
    }
    Ok(kills)
}

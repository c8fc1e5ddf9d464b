//! What became of messages of late, as the read model counts it.

use std::time::Duration;

use twofold_domain::{Mode, Timestamp};
use twofold_read_model::{UsageBy, UsageQuery, UsageRow};

use super::Parts;

/// Longest time for the answer.
const LIMIT: Duration = Duration::from_secs(3);
/// Lines, those of the most messages; a metric each.
const LINES_MAX: usize = 500;
const HOUR_MS: i64 = 3_600_000;

/// The figures of this hour and the one before; none when they cannot be read now.
pub async fn figures(parts: &Parts) -> Option<Vec<UsageRow>> {
    let store = parts.store.as_ref()?;
    let now = twofold_engine::Clock::now(&twofold_engine::SystemClock);
    let query = UsageQuery {
        since: Timestamp(now.as_millis().saturating_sub(HOUR_MS)),
        tenant: None,
        by: vec![UsageBy::Tenant, UsageBy::Mode, UsageBy::Channel, UsageBy::Provider, UsageBy::Country],
        limit: LINES_MAX,
    };
    match tokio::time::timeout(LIMIT, store.delivery_stats(&query)).await {
        Ok(Ok(rows)) => Some(rows.into_iter().filter(|row| row.mode == Some(Mode::Live)).collect()),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the figures of deliveries cannot be read");
            None
        }
        Err(_) => None,
    }
}

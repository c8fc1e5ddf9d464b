//! What the program says became of every message, as `GET /v1/deliveries` tells it.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use twofold_domain::Timestamp;

use super::door::Door;
use super::tenants::Tenant;

/// Rows of a page.
const PAGE: usize = 500;
/// How often it is looked whether anything is still open.
const LOOK: Duration = Duration::from_secs(1);
/// States in which something is still to happen.
const OPEN: [&str; 2] = ["pending", "retrying"];

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) tenant: usize,
    /// The user's number.
    pub(super) user: usize,
    pub(super) status: String,
    pub(super) cause: String,
    /// Milliseconds since 1970.
    pub(super) updated_ms: u64,
    pub(super) expires_ms: u64,
}

impl Row {
    /// Whether something is still to happen.
    pub(super) fn is_open(&self) -> bool {
        OPEN.contains(&self.status.as_str())
    }
}

/// Every message of the tenants.
pub(super) async fn read(door: &mut Door, tenants: &[Tenant]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for tenant in tenants {
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/deliveries?limit={PAGE}&order=asc{cursor}");
            let page = door.must(&tenant.key, "GET", &path, "").await?;
            for item in page["items"].as_array().context("items")? {
                rows.push(row(tenant.number, item).with_context(|| item.to_string())?);
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
    }
    Ok(rows)
}

/// Waits until nothing of the tenants is open and at least so many messages are known, or the time is up.
pub(super) async fn settled(door: &mut Door, tenants: &[Tenant], least: usize, limit: Duration) -> Result<Vec<Row>> {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        if !any_open(door, tenants).await? {
            let rows = read(door, tenants).await?;
            if rows.len() >= least && !rows.iter().any(Row::is_open) {
                return Ok(rows);
            }
        }
        sleep(LOOK).await;
    }
    read(door, tenants).await
}

async fn any_open(door: &mut Door, tenants: &[Tenant]) -> Result<bool> {
    for tenant in tenants {
        for status in OPEN {
            let path = format!("/v1/deliveries?limit=1&status={status}");
            let page = door.must(&tenant.key, "GET", &path, "").await?;
            if page["items"].as_array().is_some_and(|items| !items.is_empty()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn row(tenant: usize, item: &Value) -> Option<Row> {
    let text = |name: &str| item[name].as_str();
    let moment = |name: &str| {
        let at = Timestamp::parse_rfc3339(text(name)?)?;
        u64::try_from(at.as_millis()).ok()
    };
    Some(Row {
        tenant,
        user: text("user")?.strip_prefix('u')?.parse().ok()?,
        status: text("status")?.to_owned(),
        cause: text("cause").unwrap_or_default().to_owned(),
        updated_ms: moment("updated_at")?,
        expires_ms: moment("expires_at")?,
    })
}

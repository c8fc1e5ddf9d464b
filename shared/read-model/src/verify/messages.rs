//! Comparing messages, their ledgers and figures, and suppressed destinations.

use std::collections::{BTreeSet, HashMap};

use twofold_domain::MessageId;

use super::compare::Share;
use super::report::{Difference, VerifyReport};
use crate::StoreError;
use crate::projection::{Hours, Usage, WorkingSet, settle_usage};
use crate::store::Snapshot;

/// Takes the messages and destinations of the share out of the fold and reports those that are stored differently, or
/// not at all. A message's ledger is part of it.
pub(super) async fn compare(
    snapshot: &mut dyn Snapshot,
    share: Share,
    set: &mut WorkingSet,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    let mut differing = deliveries(snapshot, share, set).await?;
    differing.extend(attempts(snapshot, share, set).await?);
    for message in differing {
        report.add(Difference::Delivery(message), limit);
    }
    suppressions(snapshot, share, set, report, limit).await
}

async fn deliveries(
    snapshot: &mut dyn Snapshot,
    share: Share,
    set: &mut WorkingSet,
) -> Result<BTreeSet<MessageId>, StoreError> {
    let mut differing = BTreeSet::new();
    let mut after: Option<MessageId> = None;
    loop {
        let rows = snapshot.deliveries(after.take()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.message.clone());
        for row in rows.iter().filter(|row| share.has(row.message.as_str())) {
            if set.deliveries.remove(&row.message).is_none_or(|slot| slot.row != *row) {
                differing.insert(row.message.clone());
            }
        }
    }
    differing.extend(set.deliveries.drain().map(|(message, _)| message));
    Ok(differing)
}

async fn attempts(
    snapshot: &mut dyn Snapshot,
    share: Share,
    set: &mut WorkingSet,
) -> Result<BTreeSet<MessageId>, StoreError> {
    let mut expected: HashMap<_, _> = set.attempts.drain(..).map(|row| (row.key(), row)).collect();
    let mut differing = BTreeSet::new();
    let mut after = None;
    loop {
        let rows = snapshot.attempts(after.take()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key());
        for row in rows.iter().filter(|row| share.has(row.message.as_str())) {
            if expected.remove(&row.key()).is_none_or(|expected| expected != *row) {
                differing.insert(row.message.clone());
            }
        }
    }
    differing.extend(expected.into_values().map(|row| row.message));
    Ok(differing)
}

async fn suppressions(
    snapshot: &mut dyn Snapshot,
    share: Share,
    set: &mut WorkingSet,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let rows = snapshot.suppressions(after.take()).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.tenant.clone(), last.destination.clone()));
        for row in rows.into_iter().filter(|row| share.has(&row.destination)) {
            let key = (row.tenant.clone(), row.destination.clone());
            if set.suppressions.remove(&key).is_none_or(|slot| slot.row != row) {
                report.add(Difference::Suppression(key.0, key.1), limit);
            }
        }
    }
    let mut missing: Vec<_> = set.suppressions.drain().map(|(key, _)| key).collect();
    missing.sort_unstable();
    for (tenant, destination) in missing {
        report.add(Difference::Suppression(tenant, destination), limit);
    }
    Ok(())
}

/// The figures of all passes, as far as they are kept.
pub(super) async fn usage(
    snapshot: &mut dyn Snapshot,
    mut expected: Usage,
    hours: &Hours,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    settle_usage(&mut expected, hours.keys().next_back().copied());
    let mut after = None;
    loop {
        let rows = snapshot.usage(after.take()).await?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (key, counts) in rows {
            if expected.remove(&key) != Some(counts) {
                report.add(Difference::Usage(key.tenant, key.hour), limit);
            }
        }
    }
    for key in expected.into_keys() {
        report.add(Difference::Usage(key.tenant, key.hour), limit);
    }
    Ok(())
}

//! Comparing the rows of one pass.

use std::hash::{Hash, Hasher as _};

use twofold_domain::{TenantId, UserToken};

use super::report::{Difference, VerifyReport};
use crate::StoreError;
use crate::projection::WorkingSet;
use crate::rows::UserRow;
use crate::store::Snapshot;

/// One share of the keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub pass: u64,
    pub passes: u64,
}

impl Share {
    /// Whether a subject's last token (a user's, a message's) falls into the share.
    pub fn has(self, token: &str) -> bool {
        let mut hasher = std::hash::DefaultHasher::new();
        token.hash(&mut hasher);
        hasher.finish() % self.passes == self.pass
    }
}

/// Takes the users of the share out of the fold and reports those that are stored differently, or not at all.
pub(super) async fn users(
    snapshot: &mut dyn Snapshot,
    share: Share,
    set: &mut WorkingSet,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    let mut after: Option<(TenantId, UserToken)> = None;
    loop {
        let rows = snapshot.users(after.take()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(key(last));
        for row in rows.iter().filter(|row| share.has(row.user.as_str())) {
            if set.users.remove(&key(row)).is_none_or(|slot| slot.row != *row) {
                report.add(Difference::User(row.tenant.clone(), row.user.clone()), limit);
            }
        }
    }
    let mut missing: Vec<_> = set.users.drain().map(|(key, _)| key).collect();
    missing.sort_unstable();
    for (tenant, user) in missing {
        report.add(Difference::User(tenant, user), limit);
    }
    Ok(())
}

fn key(row: &UserRow) -> (TenantId, UserToken) {
    (row.tenant.clone(), row.user.clone())
}

/// The same for tenants, of which there are few.
pub(super) async fn tenants(
    snapshot: &mut dyn Snapshot,
    set: &mut WorkingSet,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    let mut after: Option<TenantId> = None;
    loop {
        let rows = snapshot.tenants(after.take()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.tenant.clone());
        for row in &rows {
            if set.tenants.remove(&row.tenant).is_none_or(|slot| slot.row != *row) {
                report.add(Difference::Tenant(row.tenant.clone()), limit);
            }
        }
    }
    let mut missing: Vec<_> = set.tenants.drain().map(|(tenant, _)| tenant).collect();
    missing.sort_unstable();
    for tenant in missing {
        report.add(Difference::Tenant(tenant), limit);
    }
    Ok(())
}

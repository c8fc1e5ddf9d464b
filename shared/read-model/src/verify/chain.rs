//! The stored audit, and the users' chains through it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use twofold_event_log::Seq;

use super::compare::Share;
use super::digest::Digests;
use super::report::{Difference, VerifyReport};
use crate::StoreError;
use crate::projection::{UserKey, WorkingSet};
use crate::rows::AuditRow;
use crate::store::Snapshot;

/// Goes through the stored audit: sums its rows in the first pass, reports where a chain of the share's users is not what
/// the rows say, and tells the fold's users where theirs end.
pub(super) async fn audit(
    snapshot: &mut dyn Snapshot,
    share: Share,
    sums: &mut Digests,
    set: &mut WorkingSet,
    report: &mut VerifyReport,
    limit: usize,
) -> Result<(), StoreError> {
    let mut chains = Chains::default();
    let mut after = None;
    loop {
        let rows = snapshot.audit(after).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.seq, last.idx));
        for row in &rows {
            if share.pass == 0 {
                sums.add(row);
            }
            let mine = row.user.as_ref().is_some_and(|user| share.has(user.as_str()));
            if mine && chains.next(row) != row.user_prev {
                report.add(Difference::Audit(row.seq, row.seq), limit);
            }
        }
    }
    for (key, slot) in &mut set.users {
        // What the fold has lacks the commits of messages in other shares.
        slot.row.audit_seq = chains.0.remove(key).unwrap_or(Seq::ZERO);
    }
    Ok(())
}

/// Newest commit of each user so far.
#[derive(Default)]
struct Chains(HashMap<UserKey, Seq>);

impl Chains {
    /// The link that the next row has to have.
    fn next(&mut self, row: &AuditRow) -> Option<Seq> {
        match self.0.entry((row.tenant.clone(), row.user.clone()?)) {
            Entry::Occupied(mut last) => (*last.get() != row.seq).then(|| last.insert(row.seq)),
            Entry::Vacant(first) => is_known(row).then(|| {
                first.insert(row.seq);
                Seq::ZERO
            }),
        }
    }
}

/// Whether the row shows that its user has a row by then: only with one do his own events have a mode.
fn is_known(row: &AuditRow) -> bool {
    row.mode.is_some() && !row.kind.starts_with("delivery.")
}

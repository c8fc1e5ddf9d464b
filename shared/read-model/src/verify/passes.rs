//! The passes over the log.

use std::collections::BTreeSet;

use twofold_event_log::{Category, EventLog, MAX_READ_COMMITS, Seq, Stored};

use super::compare::{self, Share};
use super::digest::Digests;
use super::report::{Difference, VerifyReport};
use super::{chain, messages};
use crate::projection::{Hours, Usage, WorkingSet, decode_commit, fold_commit};
use crate::rebuild::Progress;
use crate::store::ReadStore;
use crate::{ProjectError, ReplayError};

/// Limits of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Users and messages folded in one pass, about a kilobyte each; more of them means more passes over the log.
    /// 250,000.
    pub rows_in_memory: u64,
    /// Differences listed. 1,000.
    pub listed: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { rows_in_memory: 250_000, listed: 1_000 }
    }
}

/// Compares with the default limits.
///
/// # Errors
/// [`ReplayError`]: the comparison could not be made. Differences are not errors.
pub async fn verify(
    log: &dyn EventLog,
    store: &dyn ReadStore,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<VerifyReport, ReplayError> {
    verify_with(log, store, VerifyOptions::default(), progress).await
}

/// Compares. The store may be written meanwhile: it is looked at as it was at the start.
///
/// # Errors
/// As [`verify`].
pub async fn verify_with(
    log: &dyn EventLog,
    store: &dyn ReadStore,
    options: VerifyOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<VerifyReport, ReplayError> {
    let mut snapshot = store.snapshot().await?;
    let position = snapshot.checkpoint();
    let head = log.head().await?;
    if head < position {
        return Err(ReplayError::AheadOfLog { head, checkpoint: position });
    }
    let passes = snapshot.count().await?.div_ceil(options.rows_in_memory.max(1)).max(1);
    let mut report = VerifyReport { position, ..VerifyReport::default() };
    let (mut expected, mut stored) = (Digests::default(), Digests::default());
    let mut hours = Hours::new();
    let mut usage = Usage::new();
    for pass in 0..passes {
        let share = Share { pass, passes };
        let mut set = WorkingSet::default();
        let mut read = Seq::ZERO;
        while read < position {
            let commits = commits(log, read, position).await?;
            read = fold(&mut set, &mut expected, share, &commits)?.unwrap_or(position);
            progress(Progress { done: pass * position.0 + read.0, total: passes * position.0 });
            tokio::task::yield_now().await;
        }
        report.users += set.users.len() as u64;
        report.deliveries += set.deliveries.len() as u64;
        merge(&mut hours, &set.hours);
        for (key, counts) in std::mem::take(&mut set.usage) {
            usage.entry(key).or_default().add(&counts, 1);
        }
        chain::audit(&mut *snapshot, share, &mut stored, &mut set, &mut report, options.listed).await?;
        compare::users(&mut *snapshot, share, &mut set, &mut report, options.listed).await?;
        messages::compare(&mut *snapshot, share, &mut set, &mut report, options.listed).await?;
        if pass == 0 {
            compare::tenants(&mut *snapshot, &mut set, &mut report, options.listed).await?;
        }
    }
    messages::usage(&mut *snapshot, usage, &hours, &mut report, options.listed).await?;
    report.audit_rows = expected.rows();
    for (first, last) in expected.differing(&stored) {
        report.add(Difference::Audit(first, last), options.listed);
    }
    let stored = snapshot.hours().await?;
    let hours_of_either: BTreeSet<_> = hours.keys().chain(stored.keys()).copied().collect();
    for hour in hours_of_either.into_iter().filter(|hour| hours.get(hour) != stored.get(hour)) {
        report.add(Difference::Hour(hour), options.listed);
    }
    Ok(report)
}

/// The next commits, not beyond the position.
async fn commits(log: &dyn EventLog, after: Seq, position: Seq) -> Result<Vec<Stored>, ReplayError> {
    let mut commits = log.read_all(after, MAX_READ_COMMITS).await?;
    commits.truncate(commits.partition_point(|commit| commit.seq <= position));
    let expected = after.plus(1);
    match commits.first() {
        Some(first) if first.seq == expected => Ok(commits),
        Some(first) => Err(ProjectError::Gap { expected, found: first.seq }.into()),
        None => Err(ReplayError::AheadOfLog { head: after, checkpoint: position }),
    }
}

/// Folds what falls into the share; answers the last position looked at.
fn fold(
    set: &mut WorkingSet,
    expected: &mut Digests,
    share: Share,
    commits: &[Stored],
) -> Result<Option<Seq>, ProjectError> {
    for commit in commits {
        let mine = match commit.subject.category() {
            // All of a tenant in one pass.
            Category::Config => share.pass == 0,
            Category::User | Category::Delivery | Category::Ledger | Category::Suppression => {
                share.has(commit.subject.last_token())
            }
        };
        if mine {
            fold_commit(set, commit, &decode_commit(commit)?)?;
        } else if commit.subject.category() == Category::User {
            // A message of this share may be one whose code that user has used.
            set.fold_uses(commit, &decode_commit(commit)?);
        }
    }
    for row in set.audit.drain(..) {
        expected.add(&row);
    }
    Ok(commits.last().map(|commit| commit.seq))
}

fn merge(hours: &mut Hours, more: &Hours) {
    for (hour, (first, last)) in more {
        let span = hours.entry(*hour).or_insert((*first, *last));
        *span = (span.0.min(*first), span.1.max(*last));
    }
}

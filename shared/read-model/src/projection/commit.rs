//! From a stored commit to the rows.

use twofold_event_log::Stored;
use twofold_event_log::wire::{WireError, decode};

use super::WorkingSet;
use crate::ProjectError;

/// Decodes and folds one commit.
///
/// # Errors
/// [`ProjectError::UnknownEvent`] and [`ProjectError::Undecodable`]; the set is as before then.
pub fn fold_commit(set: &mut WorkingSet, commit: &Stored) -> Result<(), ProjectError> {
    let seq = commit.seq;
    let decoded = decode(&commit.subject, &commit.payload).map_err(|error| match error {
        WireError::UnknownEvent { kind, version } => ProjectError::UnknownEvent { seq, kind, version },
        WireError::Malformed(reason) => ProjectError::Undecodable { seq, reason },
    })?;
    if set.fold(commit, &decoded) {
        Ok(())
    } else {
        Err(ProjectError::Undecodable { seq, reason: "the subject names nobody".to_owned() })
    }
}

//! From a stored commit to the rows.

use twofold_event_log::Stored;
use twofold_event_log::wire::{Decoded, WireError, decode};

use super::WorkingSet;
use crate::ProjectError;

/// Reads one commit.
///
/// # Errors
/// [`ProjectError::UnknownEvent`] and [`ProjectError::Undecodable`].
pub fn decode_commit(commit: &Stored) -> Result<Decoded, ProjectError> {
    let seq = commit.seq;
    decode(&commit.subject, &commit.payload).map_err(|error| match error {
        WireError::UnknownEvent { kind, version } => ProjectError::UnknownEvent { seq, kind, version },
        WireError::Malformed(reason) => ProjectError::Undecodable { seq, reason },
    })
}

/// Folds one commit that was read before.
///
/// # Errors
/// [`ProjectError::Undecodable`]; the set is as before then.
pub fn fold_commit(set: &mut WorkingSet, commit: &Stored, decoded: &Decoded) -> Result<(), ProjectError> {
    if set.fold(commit, decoded) {
        Ok(())
    } else {
        Err(ProjectError::Undecodable { seq: commit.seq, reason: "the subject names nobody".to_owned() })
    }
}

//! What a power loss leaves of what was not synced.

/// How kind the disk is. Either is allowed of a real one, so a log must stand both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Nothing that was not synced is there.
    Nothing,
    /// Each page is there, is not there, or is torn between sectors; of the names a first part is there.
    Some,
}

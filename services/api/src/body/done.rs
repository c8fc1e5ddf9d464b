//! The answer of a change that needs no other.

use serde::Serialize;
use twofold_engine::Answer;
use utoipa::ToSchema;

/// The change is in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoneBody {
    /// The text to show, in the user's language.
    pub message: String,
    /// The user's status after the change: `enabled`, `setup_pending` or `disabled`.
    pub status: &'static str,
    /// For "Disable 2FA" at login: the login is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_allowed: Option<bool>,
    /// A new set of recovery codes. Shown only now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
    /// Position of the write.
    pub position: u64,
}

impl Answer for DoneBody {
    fn status(&self) -> u16 {
        200
    }

    fn strip_shown_once(&mut self) {
        self.recovery_codes.clear();
    }

    fn set_position(&mut self, position: u64) {
        self.position = position;
    }
}

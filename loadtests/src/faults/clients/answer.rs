//! What came back, as far as it matters.

use serde_json::Value;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answered {
        /// HTTP status.
        status: u16,
        /// The problem's `code`; empty for a success.
        code: String,
        /// Position of the event, if the answer has one.
        position: Option<u64>,
        /// The whole answer.
        body: Value,
    },
    /// The connection ended, or there was none.
    Cut,
    /// Nothing came for as long as anybody would wait.
    Silence,
}

impl Reply {
    /// From an HTTP answer.
    pub fn of(status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = if status < 300 { "" } else { body["code"].as_str().unwrap_or("") }.to_owned();
        Self::Answered { status, code, position: body["position"].as_u64(), body }
    }

    /// Status and code.
    pub fn says(&self) -> (u16, &str) {
        match self {
            Self::Answered { status, code, .. } => (*status, code),
            Self::Cut | Self::Silence => (0, ""),
        }
    }

    /// Whether it leaves open what happened: only these may be given for a fault.
    pub fn is_open(&self) -> bool {
        matches!(self.says().0, 503 | 0)
    }

    /// For people.
    pub fn describe(&self) -> String {
        match self {
            Self::Answered { status, body, .. } => format!("{status} {body}"),
            Self::Cut => "a cut connection".to_owned(),
            Self::Silence => "no answer".to_owned(),
        }
    }
}

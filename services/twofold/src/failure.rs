//! How a command ends when it does not end well.

use std::process::ExitCode;

use crate::config::Problems;

/// Why a command stopped. The text is for the operator: one line that says what to do.
#[derive(Debug)]
pub enum Failure {
    /// It was done and the answer is no, or it could not be done. Exit code 1.
    Failed(String),
    /// The command line or the settings cannot be used. Exit code 2.
    Usage(String),
}

/// What every command answers.
pub type Done = Result<(), Failure>;

impl Failure {
    /// Cannot be done.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// The text and the exit code.
    pub fn parts(&self) -> (&str, ExitCode) {
        match self {
            Self::Failed(text) => (text, ExitCode::from(1)),
            Self::Usage(text) => (text, ExitCode::from(2)),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Usage(problems.to_string())
    }
}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// `doing` goes in front of the cause.
    fn context(self, doing: &str) -> Result<T, Failure>;
}

impl<T, E: std::fmt::Display> Context<T> for Result<T, E> {
    fn context(self, doing: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::Failed(format!("{doing}: {error}")))
    }
}

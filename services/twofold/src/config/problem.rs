//! What is wrong with the settings: where, which, and what is accepted.

use std::fmt;

use super::known::known;
use super::origin::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub origin: Option<Origin>,
    /// Dotted path; empty when it is about the file as a whole.
    pub key: String,
    /// What is wrong and what is accepted. Never a secret value.
    pub text: String,
}

impl Problem {
    /// A value that is not what the setting accepts.
    pub fn wrong(origin: Option<Origin>, key: &str, found: Option<&str>) -> Self {
        let accepts = known(key).map_or("another value", |known| known.accepts);
        let secret = known(key).is_some_and(|known| known.secret);
        let text = match found {
            Some(found) if !secret => format!("must be {accepts}; it is {found}"),
            Some(_) | None => format!("must be {accepts}"),
        };
        Self { origin, key: key.to_owned(), text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything that is wrong. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

//! What is wrong with a channel, field by field.

use std::fmt;

use serde::Serialize;

/// One field and its defect. Never the value: it may be a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Which of several providers, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<usize>,
    /// Dotted path, such as `twilio.account_sid`.
    pub field: &'static str,
    /// What the field must be.
    pub problem: &'static str,
}

/// Every defect found in a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors(pub Vec<FieldError>);

impl ConfigErrors {
    pub(crate) fn one(field: &'static str, problem: &'static str) -> Self {
        Self(vec![FieldError { provider: None, field, problem }])
    }

    pub(crate) fn require(&mut self, field: &'static str, good: bool, problem: &'static str) {
        if !good {
            self.0.push(FieldError { provider: None, field, problem });
        }
    }

    /// The same defects, as those of one provider among several.
    pub(crate) fn of_provider(mut self, index: usize) -> Self {
        self.0.iter_mut().for_each(|error| error.provider = Some(index));
        self
    }

    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { "; " };
            f.write_str(gap)?;
            if let Some(index) = error.provider {
                write!(f, "providers[{index}].")?;
            }
            write!(f, "{} {}", error.field, error.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

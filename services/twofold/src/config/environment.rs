//! Variables of the environment: `TWOFOLD__SECTION__KEY`.

use config::ValueKind;
use secrecy::SecretString;

use super::known::{ALLOW, MASTER_KEY, is_section, known, siblings};
use super::layer::Layer;
use super::origin::Origin;
use super::problem::{Problem, Problems};

const PREFIX: &str = "TWOFOLD__";

/// What the environment says.
#[derive(Debug, Default)]
pub struct Environment {
    /// All but the master key.
    pub layer: Layer,
    /// Kept apart, so that no list of settings ever holds it.
    pub master_key: Option<SecretString>,
}

/// The variable that sets a path.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Picks out the variables that are meant for us; an unknown one is a problem, for it is a typing error.
pub fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Environment, Problems> {
    let mut found = Environment::default();
    let mut problems = Vec::new();
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let key = path.to_ascii_lowercase().replace("__", ".");
        let origin = Origin::Environment(name.clone());
        if key == MASTER_KEY {
            found.master_key = Some(SecretString::from(value));
        } else if known(&key).is_some() && !is_section(&key) {
            let value = if key == ALLOW { list(&value) } else { ValueKind::String(value) };
            found.layer.set(key, origin, value);
        } else {
            let text = format!("no such setting; there are {}", siblings(&key).join(", "));
            problems.push(Problem { origin: Some(origin), key, text });
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(Problems(problems)) }
}

fn list(text: &str) -> ValueKind {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().into()
}

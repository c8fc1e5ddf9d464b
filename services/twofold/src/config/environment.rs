//! Variables of the environment: `TWOFOLD__SECTION__KEY`, and for secrets `TWOFOLD__SECTION__KEY_FILE` with the path of a
//! file that holds the value, as systemd credentials and the secrets of containers are.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;

use config::ValueKind;
use secrecy::SecretString;

use super::known::{MASTER_KEY, is_list, is_section, known, siblings};
use super::layer::Layer;
use super::origin::Origin;
use super::problem::{Problem, Problems};

const PREFIX: &str = "TWOFOLD__";
const FILE_SUFFIX: &str = "_file";
const MAX_SECRET_BYTES: u64 = 16 * 1024;
/// Whoever may write a secret decides it.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What the environment says.
#[derive(Debug, Default)]
pub struct Environment {
    /// All but the master key.
    pub layer: Layer,
    /// Kept apart, so that no list of settings ever holds it; with the variable it comes from.
    pub master_key: Option<(Origin, SecretString)>,
}

/// Picks out the variables that are meant for us; an unknown one is a problem, for it is a typing error.
pub fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Environment, Problems> {
    let mut found = Environment::default();
    let mut problems = Vec::new();
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let key = path.to_ascii_lowercase().replace("__", ".");
        let origin = Origin::Environment(name.clone());
        let (key, value) = match secret_of_file(&key) {
            None => (key, Ok(value)),
            Some(key) => (key.to_owned(), read_secret(&value).map_err(|error| format!("{value}: {error}"))),
        };
        match value {
            Err(text) => problems.push(Problem { origin: Some(origin), key, text }),
            Ok(value) if key == MASTER_KEY => found.master_key = Some((origin, SecretString::from(value))),
            Ok(value) if known(&key).is_some() && !is_section(&key) => {
                let value = if is_list(&key) { list(&value) } else { ValueKind::String(value) };
                found.layer.set(key, origin, value);
            }
            Ok(_) => {
                let text = format!("no such setting; there are {}", siblings(&key).join(", "));
                problems.push(Problem { origin: Some(origin), key, text });
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(Problems(problems)) }
}

/// The secret whose file a variable names.
fn secret_of_file(key: &str) -> Option<&str> {
    let of = key.strip_suffix(FILE_SUFFIX)?;
    (known(key).is_none() && known(of).is_some_and(|known| known.secret)).then_some(of)
}

/// A value without the line break that editors leave at the end.
fn read_secret(path: &str) -> io::Result<String> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let refused = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text.to_owned()));
    if !metadata.is_file() || metadata.len() > MAX_SECRET_BYTES {
        return refused("is no file of at most 16 KiB");
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return refused("others may write it; run chmod go-w on it");
    }
    let mut text = String::new();
    file.take(MAX_SECRET_BYTES).read_to_string(&mut text)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

fn list(text: &str) -> ValueKind {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().into()
}

//! The settings file: TOML, with the line of every value.

use std::path::Path;

use config::{Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::known::{MASTER_KEY, is_section, known, siblings};
use super::layer::Layer;
use super::origin::Origin;
use super::problem::{Problem, Problems};

/// Read when `--config` names no other, if it is there.
pub const USUAL_FILE: &str = "twofold.toml";
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Reads the named file, or the usual one if it exists.
pub fn read(named: Option<&Path>) -> Result<Layer, Problems> {
    let path = named.unwrap_or_else(|| Path::new(USUAL_FILE));
    let unreadable =
        |text: String| Problem { origin: None, key: String::new(), text: format!("{}: {text}", path.display()) };
    if named.is_none() && !path.exists() {
        return Ok(Layer::default());
    }
    let bytes = std::fs::metadata(path).map_err(|e| unreadable(format!("cannot be read: {e}")))?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(unreadable("is larger than a settings file can be (1 MiB)".to_owned()).into());
    }
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(format!("cannot be read: {e}")))?;
    parse(&path.display().to_string(), &text)
}

/// Takes a file apart; every unknown setting in it is a problem.
pub fn parse(path: &str, text: &str) -> Result<Layer, Problems> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let text = format!("not TOML: {}", error.message());
        Problem { origin: Some(Origin::File { path: path.to_owned(), line }), key: String::new(), text }
    })?;
    let mut walk = Walk { path, text, layer: Layer::default(), problems: Vec::new() };
    walk.table("", table.get_ref());
    if walk.problems.is_empty() { Ok(walk.layer) } else { Err(Problems(walk.problems)) }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

struct Walk<'a> {
    path: &'a str,
    text: &'a str,
    layer: Layer,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn table(&mut self, under: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = if under.is_empty() { name.get_ref().to_string() } else { format!("{under}.{}", name.get_ref()) };
            let origin = Origin::File { path: self.path.to_owned(), line: line_of(self.text, name.span().start) };
            self.entry(&key, origin, value);
        }
    }

    fn entry(&mut self, key: &str, origin: Origin, value: &Spanned<DeValue<'_>>) {
        match (value.get_ref(), known(key)) {
            (DeValue::Table(inner), _) if is_section(key) => self.table(key, inner),
            (_, Some(known)) if known.key == MASTER_KEY => {
                let text = "must not stand in a file; set TWOFOLD__MASTER_KEY or TWOFOLD__MASTER_KEY_FILE, or let the file master.key in the data folder hold it".to_owned();
                self.problems.push(Problem { origin: Some(origin), key: key.to_owned(), text });
            }
            (value, Some(_)) if !is_section(key) => match kind(value) {
                Some(kind) => self.layer.set(key, origin, kind),
                None => self.problems.push(Problem::wrong(Some(origin), key, Some(value.type_str()))),
            },
            (_, Some(_)) => {
                let text = format!("must be a section with {}", siblings(&format!("{key}.")).join(", "));
                self.problems.push(Problem { origin: Some(origin), key: key.to_owned(), text });
            }
            (_, None) => {
                let text = if is_section(key) {
                    format!("must be a section with {}", siblings(&format!("{key}.")).join(", "))
                } else {
                    format!("no such setting; there are {}", siblings(key).join(", "))
                };
                self.problems.push(Problem { origin: Some(origin), key: key.to_owned(), text });
            }
        }
    }
}

/// As the configuration library has it; dates and tables are no values of any setting.
fn kind(value: &DeValue<'_>) -> Option<ValueKind> {
    Some(match value {
        DeValue::String(text) => ValueKind::String(text.to_string()),
        DeValue::Integer(number) => {
            ValueKind::I64(i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()?)
        }
        DeValue::Float(number) => ValueKind::Float(number.as_str().replace('_', "").parse().ok()?),
        DeValue::Boolean(value) => ValueKind::Boolean(*value),
        DeValue::Array(values) => {
            let values: Option<Vec<ValueKind>> = values.iter().map(|value| kind(value.get_ref())).collect();
            ValueKind::Array(values?.into_iter().map(|kind| Value::new(None, kind)).collect())
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

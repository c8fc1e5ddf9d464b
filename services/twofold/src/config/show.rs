//! The settings as `config print` shows them.

use config::ValueKind;

use super::Effective;
use super::known::{KNOWN, MASTER_KEY, is_section, known};

const HIDDEN: &str = "\"(set, not shown)\"";

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// Dotted path.
    pub key: String,
    /// As the file would have it; none when it is not set. Secrets are hidden.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: String,
}

impl Effective {
    /// Every setting in the order of the list, channels only as far as they are set.
    pub fn shown(&self) -> Vec<Shown> {
        let mut rows = Vec::new();
        for entry in KNOWN.iter().filter(|entry| !is_section(entry.key)) {
            if let Some(prefix) = entry.key.strip_suffix('*') {
                rows.extend(self.origins.keys().filter(|key| key.starts_with(prefix)).map(|key| self.row(key)));
            } else if self.origins.contains_key(entry.key)
                || !entry.key.contains("delivery.email.") && !entry.key.contains("delivery.sms.")
            {
                rows.push(self.row(entry.key));
            }
        }
        rows
    }

    fn row(&self, key: &str) -> Shown {
        let origin = self.origins.get(key);
        let secret = known(key).is_some_and(|known| known.secret);
        let value = origin.map(|_| if secret || key == MASTER_KEY { HIDDEN.to_owned() } else { self.text(key) });
        let unset = if key == MASTER_KEY {
            "not set: the file master.key in the data folder, or with nats.servers a must"
        } else {
            "not set"
        };
        Shown { key: key.to_owned(), value, origin: origin.map_or_else(|| unset.to_owned(), ToString::to_string) }
    }

    fn text(&self, key: &str) -> String {
        self.merged.get::<config::Value>(key).map_or_else(|_| String::new(), |value| as_toml(&value.kind))
    }
}

fn as_toml(kind: &ValueKind) -> String {
    match kind {
        ValueKind::String(text) => toml::Value::String(text.clone()).to_string(),
        ValueKind::Array(values) => {
            format!("[{}]", values.iter().map(|value| as_toml(&value.kind)).collect::<Vec<_>>().join(", "))
        }
        ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::Table(_)
        | ValueKind::Nil => kind.to_string(),
    }
}

//! One source of values, with the origin of each.

use std::collections::HashMap;

use config::{ConfigError, Map, Source, Value, ValueKind};

use super::origin::Origin;

/// Values of one source by their dotted paths.
#[derive(Debug, Clone, Default)]
pub struct Layer(Vec<(String, Origin, ValueKind)>);

impl Layer {
    pub fn set(&mut self, key: impl Into<String>, origin: Origin, value: impl Into<ValueKind>) {
        self.0.push((key.into(), origin, value.into()));
    }

    /// Takes over the values of another layer under one origin.
    pub fn append(&mut self, other: Self, origin: &Origin) {
        self.0.extend(other.0.into_iter().map(|(key, _, kind)| (key, origin.clone(), kind)));
    }

    /// Where each value comes from.
    pub fn origins(&self) -> impl Iterator<Item = (String, Origin)> + '_ {
        self.0.iter().map(|(key, origin, _)| (key.clone(), origin.clone()))
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let value = |(key, origin, kind): &(String, Origin, ValueKind)| {
            (key.clone(), Value::new(Some(&origin.to_string()), kind.clone()))
        };
        Ok(self.0.iter().map(value).collect::<HashMap<_, _>>())
    }
}

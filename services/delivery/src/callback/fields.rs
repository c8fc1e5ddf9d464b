//! The fields of a callback's body.

use std::collections::BTreeSet;

use serde_json::Value;

/// Most fields of a callback; Twilio sends some twenty (C26).
const FIELDS_MAX: usize = 200;

/// Names and values in the order in which they are signed: sorted, each pair once.
#[derive(Default)]
pub(super) struct Fields(pub(super) BTreeSet<(String, String)>);

impl Fields {
    /// Of a form. None when there are too many.
    pub(super) fn of_form(body: &[u8]) -> Option<Self> {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX + 1);
        let fields = Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect());
        (fields.0.len() <= FIELDS_MAX).then_some(fields)
    }

    /// Of a JSON object: its texts, numbers and truth values.
    pub(super) fn of_json(body: &[u8]) -> Option<Self> {
        let Value::Object(members) = serde_json::from_slice(body).ok()? else { return None };
        let plain = members.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            Value::Bool(truth) => Some((name, truth.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        });
        Some(Self(plain.take(FIELDS_MAX).collect()))
    }

    /// A field's value; none when it is absent, or there twice with different values.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => value,
            (_, Some(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_says_two_things_says_nothing() {
        let fields = Fields::of_form(b"b=1&a=%2B4915&a=%2B4915&c=1&c=2").expect("few");
        assert_eq!((fields.one("a"), fields.one("c"), fields.one("d")), (Some("+4915"), None, None));
        let json = Fields::of_json(br#"{"a":"x","b":30003,"c":null,"d":["y"]}"#).expect("an object");
        assert_eq!(
            (json.one("a"), json.one("b"), json.one("c"), json.one("d")),
            (Some("x"), Some("30003"), None, None)
        );
        assert!(Fields::of_json(b"[]").is_none() && Fields::of_json(b"{").is_none());
        let many = (0..=FIELDS_MAX).map(|n| format!("f{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Fields::of_form(many.as_bytes()).is_none());
    }
}

//! Comparing settings.

use serde_json::Value;

/// What can be done about a setting that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// `init` sets it; nothing can be lost by that.
    Init,
    /// Only somebody who knows how it came about.
    ByHand,
}

/// A setting that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what, such as `stream TWOFOLD`.
    pub what: String,
    /// The setting as the server calls it.
    pub field: &'static str,
    /// What it is.
    pub found: String,
    /// What it must be.
    pub wanted: String,
    /// Whether `init` can set it.
    pub init_sets_it: bool,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, field, found, wanted, init_sets_it } = self;
        let remedy = if *init_sets_it { "`twofold init` sets it" } else { "it cannot be changed safely" };
        write!(f, "{what}: {field} is {found}, it must be {wanted} ({remedy})")
    }
}

/// Where `found` differs from `wanted` in these settings.
pub(crate) fn differences(
    what: &str,
    found: &Value,
    wanted: &Value,
    fields: &[(&'static str, Remedy)],
) -> Vec<Difference> {
    let differing = fields.iter().filter(|(field, _)| plain(&found[*field]) != plain(&wanted[*field]));
    let difference = |(field, remedy): &(&'static str, Remedy)| Difference {
        what: what.to_owned(),
        field,
        found: shown(&found[*field]),
        wanted: shown(&wanted[*field]),
        init_sets_it: *remedy == Remedy::Init,
    };
    differing.map(difference).collect()
}

/// Sets one setting to what is wanted.
pub(crate) fn set(found: &mut Value, wanted: &Value, field: &str) {
    if let Some(settings) = found.as_object_mut() {
        match wanted.get(field) {
            Some(value) => settings.insert(field.to_owned(), value.clone()),
            None => settings.remove(field),
        };
    }
}

/// The server leaves out what is unset, and writes "no limit" as -1 or 0.
fn plain(value: &Value) -> &Value {
    let unset = match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => matches!(number.as_i64(), Some(-1 | 0)),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    };
    if unset { &Value::Null } else { value }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "unset".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_what_is_unset() {
        let found = json!({ "max_age": 0, "max_msgs": -1, "deny_delete": true, "subjects": ["tf.>"] });
        let wanted = json!({ "max_msgs": 0, "deny_delete": true, "sealed": false, "subjects": ["tf.>"] });
        let fields = ["max_age", "max_msgs", "deny_delete", "sealed", "subjects"].map(|field| (field, Remedy::Init));
        assert_eq!(differences("stream", &found, &wanted, &fields), []);
    }

    #[test]
    fn a_difference_says_what_is_and_what_must_be() {
        let (found, wanted) = (json!({ "max_age": 5 }), json!({ "deny_delete": true }));
        let fields = [("deny_delete", Remedy::Init), ("max_age", Remedy::ByHand)];
        let texts: Vec<_> = differences("stream S", &found, &wanted, &fields).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "stream S: deny_delete is unset, it must be true (`twofold init` sets it)",
                "stream S: max_age is 5, it must be unset (it cannot be changed safely)"
            ]
        );
    }

    #[test]
    fn setting_leaves_everything_else() {
        let mut found = json!({ "max_age": 5, "unknown_to_us": "kept" });
        let wanted = json!({ "deny_delete": true });
        set(&mut found, &wanted, "deny_delete");
        set(&mut found, &wanted, "max_age");
        assert_eq!(found, json!({ "deny_delete": true, "unknown_to_us": "kept" }));
    }
}

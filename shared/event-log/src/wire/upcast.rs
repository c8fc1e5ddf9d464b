//! Old versions of events, brought up to the newest one before they are read. The log itself is never rewritten.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::WireError;

/// Brings the data of one type from one version to the next.
pub(super) struct Step {
    /// The type.
    pub(super) kind: &'static str,
    /// The version it starts from; it leads to the one after.
    pub(super) from: u32,
    /// The change. Pure and total over everything that version ever wrote; the text of an error is internal.
    pub(super) up: fn(Value) -> Result<Value, String>,
}

/// Every step there is. Raising a type's version from N to N + 1 in its table needs one more here, with `from: N`.
pub(super) const STEPS: &[Step] = &[
    // Version 2 names the provider, and the region of a text message: absent when it was not yet written down.
    Step { kind: "delivery.retrying", from: 1, up: Ok },
    Step { kind: "delivery.accepted", from: 1, up: Ok },
    Step { kind: "delivery.dead", from: 1, up: Ok },
    // Version 2 has one scope more.
    Step { kind: "api_key.created", from: 1, up: Ok },
    // Version 2 names the message whose code it was: absent when it was not yet written down.
    Step { kind: "enrolment.confirmed", from: 1, up: Ok },
];

/// The data in the newest version of its type. The newest version itself passes through untouched and unparsed.
pub(super) fn upcast<'a>(
    steps: &[Step],
    kind: &'static str,
    newest: u32,
    version: u32,
    data: &'a RawValue,
) -> Result<Cow<'a, str>, WireError> {
    if version == newest {
        return Ok(Cow::Borrowed(data.get()));
    }
    if version > newest {
        return Err(WireError::unknown(kind, version));
    }
    let mut value: Value = serde_json::from_str(data.get()).map_err(|e| WireError::malformed(kind, &e))?;
    for at in version..newest {
        let step = steps.iter().find(|step| step.kind == kind && step.from == at);
        let step = step.ok_or_else(|| WireError::unknown(kind, version))?;
        value = (step.up)(value).map_err(|why| WireError::Malformed(format!("{kind} version {at}: {why}")))?;
    }
    Ok(Cow::Owned(value.to_string()))
}

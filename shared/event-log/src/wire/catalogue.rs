//! Every event there is, described: what `docs/events.md` is made from.

use twofold_domain::delivery::{DeliveryEvent, SuppressionEvent};
use twofold_domain::tenant::{AccountEvent, TenantEvent};
use twofold_domain::user::UserEvent;

use super::family::Family;

/// One event type in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDoc {
    /// Whose: `user`, `tenant`, `account` or `delivery`.
    pub aggregate: &'static str,
    /// The type.
    pub name: &'static str,
    /// The newest version: the one that is written.
    pub version: u32,
    /// What happened, in a sentence.
    pub description: &'static str,
    /// The members of its data, in the order in which they are written.
    pub fields: Vec<FieldDoc>,
}

/// One member of an event's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDoc {
    /// The member's key.
    pub name: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
    /// The form of its value, in words.
    pub form: String,
}

/// Every event type.
pub fn catalogue() -> Vec<EventDoc> {
    let mut all = UserEvent::catalogue();
    all.extend(TenantEvent::catalogue());
    all.extend(AccountEvent::catalogue());
    all.extend(DeliveryEvent::catalogue());
    all.extend(SuppressionEvent::catalogue());
    all
}

/// The form of an object: `{key: form, optional?: form}`.
pub(super) fn object_form(fields: &[FieldDoc]) -> String {
    let members: Vec<String> = fields
        .iter()
        .map(|field| format!("{}{}: {}", field.name, if field.optional { "?" } else { "" }, field.form))
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// The catalogue as the document `docs/events.md`; a test keeps the file true.
pub fn events_document() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Events\n\nMade from the code: `cargo run -p twofold-event-log --example events_doc > docs/events.md`.\n\n\
         A commit is one row or message with one or more events of one aggregate: \
         `{\"at\": ms, \"actor\": …, \"actor_token\"?, \"request_id\"?, \"private\"?: base64, \"events\": [{\"type\", \"v\", \"data\"}], \"mac\": hex}`.\n\
         `private` holds actor id, reason, address and browser under the user's key. `mac` chains every commit of a subject to the one before it.\n",
    );
    let mut aggregate = "";
    for event in catalogue() {
        if event.aggregate != aggregate {
            aggregate = event.aggregate;
            let _ = write!(text, "\n## {aggregate}\n");
        }
        let _ = write!(text, "\n### `{}` v{}\n\n{}\n", event.name, event.version, event.description);
        if !event.fields.is_empty() {
            text.push_str("\n| field | form |\n|---|---|\n");
        }
        for field in event.fields {
            let optional = if field.optional { " (optional)" } else { "" };
            let _ = writeln!(text, "| `{}`{optional} | {} |", field.name, field.form.replace('|', "\\|"));
        }
    }
    text
}

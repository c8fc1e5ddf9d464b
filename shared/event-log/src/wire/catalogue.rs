//! Every event there is, described: what `docs/events.md` is made from.

use twofold_domain::delivery::DeliveryEvent;
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

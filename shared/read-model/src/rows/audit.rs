//! One event, as the audit shows it.

use std::borrow::Cow;

use twofold_domain::actor::ActorKind;
use twofold_domain::{Mode, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

/// One event (C18). Nothing in the clear here is personal or secret.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Position of its commit.
    pub seq: Seq,
    /// Place inside the commit, from 0.
    pub idx: u32,
    /// Whose.
    pub tenant: TenantId,
    /// Live or test; none: concerns the tenant as a whole and is seen in both.
    pub mode: Option<Mode>,
    /// About whom.
    pub user: Option<UserToken>,
    /// When.
    pub at: Timestamp,
    /// The event's dotted name.
    pub kind: Cow<'static, str>,
    /// Who, by kind.
    pub actor: ActorKind,
    /// Who, when he is a user himself.
    pub actor_token: Option<UserToken>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// Method or factor, if the event has one.
    pub method: Option<Cow<'static, str>>,
    /// Why an attempt failed.
    pub reason: Option<Cow<'static, str>>,
    /// The rest of the event: an object without anything sealed, hashed or secret.
    pub details: serde_json::Value,
    /// Actor, address, user agent and reason as the panel reported them, under the user's or the tenant's key.
    pub private: Option<Sealed>,
    /// On a commit's first row about a user: the commit before it with rows about him; zero: none. Absent on its other
    /// rows, and while the user is unknown.
    pub user_prev: Option<Seq>,
}

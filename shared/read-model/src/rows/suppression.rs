//! A destination that a tenant sends nothing to.

use std::borrow::Cow;

use twofold_domain::{Channel, MessageId, TenantId, Timestamp};
use twofold_event_log::Seq;

/// A destination on a tenant's list, or once on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionRow {
    /// Whose list.
    pub tenant: TenantId,
    /// Keyed hash of the address or number, in hexadecimal: the last token of its subject.
    pub destination: String,
    /// An address or a number.
    pub channel: Channel,
    /// `bounced`, `opted_out`, `complaint` or `manual`.
    pub cause: Cow<'static, str>,
    /// The message that showed it, if one did.
    pub message: Option<MessageId>,
    /// When it came on the list, for this cause.
    pub since: Timestamp,
    /// When it was taken off; none: it is on the list.
    pub released_at: Option<Timestamp>,
    /// Its newest commit: the order of the list.
    pub position: Seq,
}

/// Tenant and keyed hash.
pub type SuppressionKey = (TenantId, String);

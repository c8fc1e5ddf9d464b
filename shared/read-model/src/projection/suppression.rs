//! Folding the list of destinations that a tenant sends nothing to.

use std::borrow::Cow;

use twofold_domain::delivery::SuppressionEvent;
use twofold_domain::{TenantId, Timestamp};
use twofold_event_log::Seq;

use crate::rows::SuppressionRow;

impl SuppressionRow {
    /// The row of a destination just suppressed; none when the event does not make one.
    pub fn suppressed(
        tenant: &TenantId,
        destination: &str,
        event: &SuppressionEvent,
        at: Timestamp,
        seq: Seq,
    ) -> Option<Self> {
        match event {
            SuppressionEvent::Suppressed { channel, cause, message } => Some(Self {
                tenant: tenant.clone(),
                destination: destination.to_owned(),
                channel: *channel,
                cause: Cow::Borrowed(cause.name()),
                message: message.clone(),
                since: at,
                released_at: None,
                position: seq,
            }),
            SuppressionEvent::Released => None,
        }
    }

    /// Applies one event that happened at `at`, in the commit at `seq`.
    pub fn apply(&mut self, event: &SuppressionEvent, at: Timestamp, seq: Seq) {
        match event {
            SuppressionEvent::Suppressed { channel, cause, message } => {
                self.channel = *channel;
                self.cause = Cow::Borrowed(cause.name());
                self.message.clone_from(message);
                (self.since, self.released_at) = (at, None);
            }
            SuppressionEvent::Released => {
                self.released_at.get_or_insert(at);
            }
        }
        self.position = seq;
    }
}

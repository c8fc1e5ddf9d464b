//! Folding a message's request and ledger.

use std::borrow::Cow;

use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::user::MessageKind;
use twofold_domain::{TenantId, Timestamp};
use twofold_event_log::Seq;

use super::text::plain;
use crate::rows::{DeliveryRow, DeliveryStatus};

impl DeliveryRow {
    /// The row of a message just requested.
    pub fn requested(tenant: TenantId, request: &DeliveryRequested, at: Timestamp, seq: Seq) -> Self {
        let (kind, purpose) = match &request.kind {
            MessageKind::Code { purpose, .. } => ("code", Some(purpose.name())),
            MessageKind::Notice(notice) => (notice.name(), None),
        };
        Self {
            message: request.message.clone(),
            tenant,
            user: request.user.clone(),
            mode: request.mode,
            channel: request.channel,
            kind: Cow::Borrowed(kind),
            purpose: purpose.map(Cow::Borrowed),
            status: DeliveryStatus::Pending,
            requested_at: at,
            updated_at: at,
            expires_at: request.expires_at,
            attempts: 0,
            provider_id: None,
            cause: None,
            request_seq: seq,
            position: seq,
        }
    }

    /// Applies one event that happened at `at`. The caller keeps `position`.
    ///
    /// Two workers may both report an end: the first one stays, except that a message a provider took was sent.
    pub fn apply(&mut self, event: &DeliveryEvent, at: Timestamp) {
        let settled = self.status.is_final();
        match event {
            // The request made the row; a second one with the same id is the same message.
            DeliveryEvent::Requested(_) => return,
            DeliveryEvent::Accepted { attempt, provider_id } => {
                if self.status == DeliveryStatus::Accepted {
                    return;
                }
                self.status = DeliveryStatus::Accepted;
                self.attempts = self.attempts.max(*attempt);
                self.provider_id = provider_id.as_deref().map(plain);
                self.cause = None;
            }
            _ if settled => return,
            DeliveryEvent::Retrying { attempt, cause } => {
                self.status = DeliveryStatus::Retrying;
                self.attempts = self.attempts.max(*attempt);
                self.cause = Some(plain(cause));
            }
            DeliveryEvent::Captured => self.status = DeliveryStatus::Captured,
            DeliveryEvent::Dead { attempt, cause } => {
                self.status = DeliveryStatus::Dead;
                self.attempts = self.attempts.max(*attempt);
                self.cause = Some(plain(cause));
            }
            DeliveryEvent::Expired { attempt } => {
                self.status = DeliveryStatus::Expired;
                self.attempts = self.attempts.max(*attempt);
            }
            DeliveryEvent::Superseded => self.status = DeliveryStatus::Superseded,
        }
        self.updated_at = at;
    }
}

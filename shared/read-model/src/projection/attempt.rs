//! The ledger as rows.

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{MessageId, TenantId, Timestamp};
use twofold_event_log::Seq;

use super::text::plain;
use crate::rows::{AttemptResult, AttemptRow};

impl AttemptRow {
    /// The row of an entry at a place of the log; none for the request, which is no attempt.
    pub fn of(
        tenant: &TenantId,
        message: &MessageId,
        event: &DeliveryEvent,
        at: Timestamp,
        place: (Seq, u32),
    ) -> Option<Self> {
        let (result, attempt, cause, provider) = match event {
            DeliveryEvent::Requested(_) => return None,
            DeliveryEvent::HandingOver { attempt, provider } => {
                (AttemptResult::HandingOver, Some(*attempt), None, provider.as_ref())
            }
            DeliveryEvent::Retrying { attempt, cause, provider } => {
                (AttemptResult::Retrying, Some(*attempt), Some(cause), provider.as_ref())
            }
            DeliveryEvent::Accepted { attempt, provider, .. } => {
                (AttemptResult::Accepted, Some(*attempt), None, provider.as_ref())
            }
            DeliveryEvent::Captured => (AttemptResult::Captured, None, None, None),
            DeliveryEvent::Dead { attempt, cause, provider } => {
                (AttemptResult::Dead, Some(*attempt), Some(cause), provider.as_ref())
            }
            DeliveryEvent::Expired { attempt: _ } => (AttemptResult::Expired, None, None, None),
            DeliveryEvent::Superseded => (AttemptResult::Superseded, None, None, None),
            DeliveryEvent::Delivered { provider } => (AttemptResult::Delivered, None, None, provider.as_ref()),
            DeliveryEvent::Bounced { provider, cause, permanent: _ } => {
                (AttemptResult::Bounced, None, Some(cause), provider.as_ref())
            }
            DeliveryEvent::Redriven => (AttemptResult::Redriven, None, None, None),
        };
        let provider_id = match event {
            DeliveryEvent::Accepted { provider_id, .. } => provider_id.as_deref(),
            DeliveryEvent::Requested(_)
            | DeliveryEvent::HandingOver { .. }
            | DeliveryEvent::Retrying { .. }
            | DeliveryEvent::Captured
            | DeliveryEvent::Dead { .. }
            | DeliveryEvent::Expired { .. }
            | DeliveryEvent::Superseded
            | DeliveryEvent::Delivered { .. }
            | DeliveryEvent::Bounced { .. }
            | DeliveryEvent::Redriven => None,
        };
        Some(Self {
            message: message.clone(),
            seq: place.0,
            idx: place.1,
            tenant: tenant.clone(),
            at,
            result,
            attempt,
            provider: provider.map(|name| plain(name)),
            provider_id: provider_id.map(plain),
            cause: cause.map(|cause| plain(cause)),
        })
    }
}

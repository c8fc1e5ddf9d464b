//! Messages in the working set: the row, its ledger, the figures, and what follows for destinations.

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{MessageId, TenantId, Timestamp};
use twofold_event_log::wire::{Decoded, Event};
use twofold_event_log::{Category, Seq, Stored};

use super::audit::About;
use super::usage::{note, share_of};
use super::user::used_code;
use super::working_set::{Slot, UserKey, WorkingSet};
use crate::rows::{AttemptRow, DeliveryRow, SuppressionRow};

impl WorkingSet {
    pub(super) fn fold_delivery(
        &mut self,
        tenant: TenantId,
        message: &MessageId,
        seq: Seq,
        decoded: &Decoded,
    ) -> About {
        let at = decoded.meta.at;
        for (idx, event) in (0..).zip(&decoded.events) {
            let Event::Delivery(event) = event else { continue };
            if let Some(slot) = self.deliveries.get_mut(message).filter(|slot| slot.row.tenant == tenant) {
                let before = share_of(&slot.row);
                slot.row.apply(event, at);
                slot.row.position = seq;
                slot.changed = true;
                note(&mut self.usage, Some(before), share_of(&slot.row));
                self.attempts.extend(AttemptRow::of(&tenant, message, event, at, (seq, idx)));
            } else if let DeliveryEvent::Requested(request) = event
                && !self.deliveries.contains_key(message)
            {
                // The subject's id, not the event's, so that the ledger finds it.
                let mut row = DeliveryRow::requested(tenant.clone(), request, at, seq);
                row.message = message.clone();
                note(&mut self.usage, None, share_of(&row));
                self.deliveries.insert(message.clone(), Slot::new(row));
            }
        }
        let row = self.deliveries.get(message).map(|slot| &slot.row).filter(|row| row.tenant == tenant);
        About { mode: row.map(|row| row.mode), user: row.map(|row| row.user.clone()), tenant }
    }

    /// The ledger says nothing of a code's use; the user's own events do.
    pub(super) fn mark_used(&mut self, user: &UserKey, message: &MessageId, at: Timestamp, seq: Seq) {
        let own = |slot: &&mut Slot<DeliveryRow>| slot.row.tenant == user.0 && slot.row.user == user.1;
        let Some(slot) = self.deliveries.get_mut(message).filter(own) else { return };
        let before = share_of(&slot.row);
        if slot.row.mark_used(at) {
            slot.row.position = seq;
            slot.changed = true;
            note(&mut self.usage, Some(before), share_of(&slot.row));
        }
    }

    /// Of a user's commit only what it says about messages, for whoever has the messages and not the user.
    pub(crate) fn fold_uses(&mut self, stored: &Stored, decoded: &Decoded) {
        let tenant = stored.subject.tenant_id();
        let user = twofold_domain::UserToken::parse(stored.subject.last_token()).ok();
        let (Category::User, Some(key)) = (stored.subject.category(), tenant.zip(user)) else { return };
        for event in &decoded.events {
            if let Event::User(event) = event
                && let Some(message) = used_code(event)
            {
                self.mark_used(&key, message, decoded.meta.at, stored.seq);
            }
        }
    }

    pub(super) fn fold_suppression(
        &mut self,
        tenant: TenantId,
        destination: &str,
        seq: Seq,
        decoded: &Decoded,
    ) -> About {
        let at = decoded.meta.at;
        let key = (tenant, destination.to_owned());
        for event in &decoded.events {
            let Event::Suppression(event) = event else { continue };
            if let Some(slot) = self.suppressions.get_mut(&key) {
                slot.row.apply(event, at, seq);
                slot.changed = true;
            } else if let Some(row) = SuppressionRow::suppressed(&key.0, destination, event, at, seq) {
                self.suppressions.insert(key.clone(), Slot::new(row));
            }
        }
        // A number does not belong to the users of one mode.
        About { tenant: key.0, mode: None, user: None }
    }
}

//! Folding a message's request and ledger, and the use of its code.

use std::borrow::Cow;

use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SmsRegion};
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
            provider: None,
            provider_id: None,
            cause: None,
            country: None,
            prefix: None,
            accepted_at: None,
            delivered_at: None,
            used_at: None,
            request_seq: seq,
            position: seq,
        }
    }

    /// Applies one event that happened at `at`. The caller keeps `position`.
    ///
    /// Two workers may both report an end, and a provider's word may overtake the worker's: see
    /// [`DeliveryStatus::strength`].
    pub fn apply(&mut self, event: &DeliveryEvent, at: Timestamp) {
        let changed = match event {
            // The request made the row; a second one with the same id is the same message. What a slow provider has in
            // hand is still on its way.
            DeliveryEvent::Requested(_) | DeliveryEvent::HandingOver { .. } => false,
            DeliveryEvent::Retrying { attempt, cause, provider } => {
                let open = !self.status.is_final();
                if open {
                    self.status = DeliveryStatus::Retrying;
                    self.fail(*attempt, cause, provider.as_deref());
                }
                open
            }
            DeliveryEvent::Accepted { attempt, provider_id, provider, region } => {
                self.accept(*attempt, provider_id.as_deref(), provider.as_deref(), region.as_ref(), at)
            }
            DeliveryEvent::Captured => self.rise(DeliveryStatus::Captured),
            DeliveryEvent::Dead { attempt, cause, provider } => {
                let dead = self.rise(DeliveryStatus::Dead);
                if dead {
                    self.fail(*attempt, cause, provider.as_deref());
                }
                dead
            }
            DeliveryEvent::Expired { attempt } => self.expire(*attempt),
            DeliveryEvent::Superseded => self.rise(DeliveryStatus::Superseded),
            DeliveryEvent::Delivered { provider } => self.arrive(provider.as_deref(), at),
            DeliveryEvent::Bounced { provider, cause, permanent: _ } => {
                let bounced = self.rise(DeliveryStatus::Bounced);
                if bounced {
                    self.cause = Some(plain(cause));
                    self.name_provider(provider.as_deref());
                }
                bounced
            }
            DeliveryEvent::Redriven => self.reopen(),
        };
        if changed {
            self.updated_at = at;
        }
    }

    /// Its code was accepted at `at`. `false`: that is known already.
    pub fn mark_used(&mut self, at: Timestamp) -> bool {
        let news = self.used_at.is_none();
        if news {
            self.used_at = Some(at);
            self.updated_at = at;
            self.rise(DeliveryStatus::Used);
        }
        news
    }

    /// Takes a status that is stronger than the one it has.
    fn rise(&mut self, status: DeliveryStatus) -> bool {
        let stronger = status.strength() > self.status.strength();
        if stronger {
            self.status = status;
        }
        stronger
    }

    fn fail(&mut self, attempt: u32, cause: &str, provider: Option<&str>) {
        self.attempts = self.attempts.max(attempt);
        self.cause = Some(plain(cause));
        if provider.is_some() {
            self.provider = provider.map(plain);
        }
    }

    /// Only the first acceptance counts. It is noted also when more is known by now.
    fn accept(
        &mut self,
        attempt: u32,
        provider_id: Option<&str>,
        provider: Option<&str>,
        region: Option<&SmsRegion>,
        at: Timestamp,
    ) -> bool {
        if self.accepted_at.is_some() {
            return false;
        }
        self.accepted_at = Some(at);
        self.attempts = self.attempts.max(attempt);
        self.provider_id = provider_id.map(plain);
        if provider.is_some() {
            self.provider = provider.map(plain);
        }
        self.country = region.map(|region| plain(&region.country));
        self.prefix = region.map(|region| plain(&region.prefix));
        if self.status != DeliveryStatus::Bounced {
            self.cause = None;
        }
        self.rise(DeliveryStatus::Accepted);
        true
    }

    /// An operator puts a dead message away by calling it expired.
    fn expire(&mut self, attempt: u32) -> bool {
        let expired = self.status == DeliveryStatus::Dead || self.rise(DeliveryStatus::Expired);
        if expired {
            self.status = DeliveryStatus::Expired;
            self.attempts = self.attempts.max(attempt);
        }
        expired
    }

    fn arrive(&mut self, provider: Option<&str>, at: Timestamp) -> bool {
        if self.delivered_at.is_some() {
            return false;
        }
        self.delivered_at = Some(at);
        if self.rise(DeliveryStatus::Delivered) {
            self.cause = None;
        }
        self.name_provider(provider);
        true
    }

    /// Who reports is who took it, unless the worker has said otherwise.
    fn name_provider(&mut self, provider: Option<&str>) {
        if self.provider.is_none() {
            self.provider = provider.map(plain);
        }
    }

    /// As before the attempt that was its end, so that the next one counts.
    fn reopen(&mut self) -> bool {
        let dead = matches!(self.status, DeliveryStatus::Dead | DeliveryStatus::Bounced);
        if dead {
            self.status = if self.attempts == 0 { DeliveryStatus::Pending } else { DeliveryStatus::Retrying };
            (self.accepted_at, self.provider_id) = (None, None);
        }
        dead
    }
}

//! The rows a run of commits touches, folded in memory.

use std::collections::{BTreeMap, HashMap};

use twofold_domain::tenant::TenantEvent;
use twofold_domain::user::UserEvent;
use twofold_domain::{MessageId, TenantId, Timestamp, UserToken};
use twofold_event_log::wire::{Decoded, Event};
use twofold_event_log::{Category, Seq, Stored};

use super::audit::{About, audit_rows};
use super::usage::Usage;
use super::user::{changes_profile, used_code};
use crate::rows::{AttemptRow, AuditRow, DeliveryRow, SuppressionKey, SuppressionRow, TenantRow, UserRow};

/// A user's key.
pub type UserKey = (TenantId, UserToken);

/// A row and how it differs from the stored one.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot<T> {
    /// The row as folded so far.
    pub row: T,
    /// Changed since it was loaded.
    pub changed: bool,
    /// New, or changed in columns that events seldom touch.
    pub whole: bool,
}

impl<T> Slot<T> {
    /// As loaded.
    pub const fn loaded(row: T) -> Self {
        Self { row, changed: false, whole: false }
    }

    pub(super) const fn new(row: T) -> Self {
        Self { row, changed: true, whole: true }
    }
}

/// First and last position of an hour's commits.
pub type Hours = BTreeMap<i64, (Seq, Seq)>;

/// The rows. Put in what is stored of the commits' keys, then fold the commits in order.
#[derive(Debug, Default)]
pub struct WorkingSet {
    /// Users by key.
    pub users: HashMap<UserKey, Slot<UserRow>>,
    /// Messages by id.
    pub deliveries: HashMap<MessageId, Slot<DeliveryRow>>,
    /// New entries of ledgers, in order.
    pub attempts: Vec<AttemptRow>,
    /// Changes of figures.
    pub usage: Usage,
    /// Destinations on the tenants' lists.
    pub suppressions: HashMap<SuppressionKey, Slot<SuppressionRow>>,
    /// Tenants by id.
    pub tenants: HashMap<TenantId, Slot<TenantRow>>,
    /// New audit rows, in order.
    pub audit: Vec<AuditRow>,
    /// Hours of the folded commits.
    pub hours: Hours,
}

const HOUR_MS: i64 = 3_600_000;

/// The hour of an instant, counted from the epoch.
pub(crate) const fn hour(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR_MS)
}

/// The instant at which an hour starts.
pub(crate) const fn hour_start(hour: i64) -> Timestamp {
    Timestamp(hour.saturating_mul(HOUR_MS))
}

impl WorkingSet {
    /// Folds one commit. Total: an event about something that is not there is audited and changes no row. `false`
    /// when the subject's ids cannot be read, which no writer of ours causes.
    #[must_use]
    pub fn fold(&mut self, stored: &Stored, decoded: &Decoded) -> bool {
        let Some(tenant) = stored.subject.tenant_id() else { return false };
        let last = stored.subject.last_token();
        let about = match stored.subject.category() {
            Category::User => UserToken::parse(last).ok().map(|user| self.fold_user(tenant, user, stored.seq, decoded)),
            Category::Config => Some(self.fold_config(tenant, stored.seq, decoded)),
            Category::Delivery | Category::Ledger => {
                MessageId::parse(last).ok().map(|message| self.fold_delivery(tenant, &message, stored.seq, decoded))
            }
            Category::Suppression => Some(self.fold_suppression(tenant, last, stored.seq, decoded)),
        };
        let Some(about) = about else { return false };
        let span = self.hours.entry(hour(decoded.meta.at)).or_insert((stored.seq, stored.seq));
        *span = (span.0.min(stored.seq), span.1.max(stored.seq));
        let mut rows = audit_rows(stored, decoded, &about);
        self.link(&about, stored.seq, rows.first_mut());
        self.audit.append(&mut rows);
        true
    }

    /// Puts a commit at the head of the chain of the user it is about. Whoever has no row yet has no chain: his own events
    /// then have no mode, so that no query about a user finds them; for messages to him, which nobody sends, queries look
    /// whether there is one older than the chain, and search in another way.
    fn link(&mut self, about: &About, seq: Seq, first: Option<&mut AuditRow>) {
        let (Some(first), Some(user)) = (first, &about.user) else { return };
        let Some(slot) = self.users.get_mut(&(about.tenant.clone(), user.clone())) else { return };
        first.user_prev = Some(slot.row.audit_seq);
        slot.row.audit_seq = seq;
        slot.changed = true;
    }

    fn fold_user(&mut self, tenant: TenantId, user: UserToken, seq: Seq, decoded: &Decoded) -> About {
        let at = decoded.meta.at;
        let key = (tenant, user);
        for event in &decoded.events {
            let Event::User(event) = event else { continue };
            if let Some(slot) = self.users.get_mut(&key) {
                slot.row.apply(event, at);
                slot.row.position = seq;
                slot.changed = true;
                slot.whole |= changes_profile(event);
            } else if let UserEvent::Registered(profile) = event {
                let mut row = UserRow::registered(key.0.clone(), key.1.clone(), profile, at);
                row.position = seq;
                self.users.insert(key.clone(), Slot::new(row));
            }
            if let Some(message) = used_code(event) {
                self.mark_used(&key, message, at, seq);
            }
        }
        let mode = self.users.get(&key).map(|slot| slot.row.mode);
        About { tenant: key.0, mode, user: Some(key.1) }
    }

    fn fold_config(&mut self, tenant: TenantId, seq: Seq, decoded: &Decoded) -> About {
        for event in &decoded.events {
            let Event::Tenant(event) = event else { continue };
            self.fold_tenant(&tenant, event, decoded.meta.at, seq);
        }
        About { tenant, mode: None, user: None }
    }

    fn fold_tenant(&mut self, tenant: &TenantId, event: &TenantEvent, at: Timestamp, seq: Seq) {
        if let Some(slot) = self.tenants.get_mut(tenant) {
            slot.row.apply(event, at);
            slot.row.position = seq;
            slot.changed = true;
        } else if let Some(mut row) = TenantRow::created(tenant, event, at) {
            row.position = seq;
            self.tenants.insert(tenant.clone(), Slot::new(row));
        }
    }
}

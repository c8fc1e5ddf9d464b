//! Folding a tenant's events, as far as the operator's list shows them.

use twofold_domain::tenant::TenantEvent;
use twofold_domain::{TenantId, Timestamp};
use twofold_event_log::Seq;

use super::text::plain;
use crate::rows::TenantRow;

impl TenantRow {
    /// The row of a new tenant; none when the event does not make one.
    pub fn created(tenant: &TenantId, event: &TenantEvent, at: Timestamp) -> Option<Self> {
        match event {
            TenantEvent::Created { name, preset, .. } => Some(Self {
                tenant: tenant.clone(),
                name: plain(name),
                preset: preset.as_deref().map(plain),
                created_at: at,
                suspended: false,
                position: Seq::ZERO,
            }),
            TenantEvent::SettingsChanged { .. }
            | TenantEvent::ApiKeyCreated(_)
            | TenantEvent::ApiKeyRevoked { .. }
            | TenantEvent::ChannelConfigured { .. }
            | TenantEvent::ChannelRemoved { .. }
            | TenantEvent::ChannelTested { .. }
            | TenantEvent::Suspended
            | TenantEvent::Resumed
            | TenantEvent::DeliveryPaused { .. }
            | TenantEvent::DeliveryResumed { .. }
            | TenantEvent::PrefixStopped { .. }
            | TenantEvent::PrefixReleased { .. } => None,
        }
    }

    /// Applies one event that happened at `at`. The caller keeps `position`.
    pub fn apply(&mut self, event: &TenantEvent, at: Timestamp) {
        match event {
            TenantEvent::Created { name, preset, .. } => {
                self.name = plain(name);
                self.preset = preset.as_deref().map(plain);
                self.created_at = at;
            }
            TenantEvent::Suspended => self.suspended = true,
            TenantEvent::Resumed => self.suspended = false,
            TenantEvent::SettingsChanged { .. }
            | TenantEvent::ApiKeyCreated(_)
            | TenantEvent::ApiKeyRevoked { .. }
            | TenantEvent::ChannelConfigured { .. }
            | TenantEvent::ChannelRemoved { .. }
            | TenantEvent::ChannelTested { .. }
            | TenantEvent::DeliveryPaused { .. }
            | TenantEvent::DeliveryResumed { .. }
            | TenantEvent::PrefixStopped { .. }
            | TenantEvent::PrefixReleased { .. } => {}
        }
    }
}

//! A tenant's state: the fold of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::{ApiKeyRecord, TenantEvent};
use crate::settings::Settings;
use crate::{Channel, KeyId, Sealed, Timestamp};

/// The state. `Default` is a tenant that does not exist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tenant {
    /// What the operator calls it; none until created.
    pub name: Option<String>,
    /// The preset it was made from.
    pub preset: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The settings document as written.
    pub document: serde_json::Value,
    /// The document, read.
    pub settings: Arc<Settings>,
    /// Live keys. A revoked key is gone.
    pub keys: BTreeMap<KeyId, ApiKeyRecord>,
    /// Configured channels.
    pub channels: BTreeMap<Channel, Sealed>,
    /// Every key is refused.
    pub suspended: bool,
}

/// Applies one event. Documents were checked when they were accepted; one that breaks a bound of a later version is
/// still followed, and one that cannot be read at all leaves the rules in force that were there before it (C19).
pub fn evolve_tenant(tenant: &mut Tenant, event: &TenantEvent, at: Timestamp) {
    match event {
        TenantEvent::Created { name, preset, document } => {
            tenant.name = Some(name.clone());
            tenant.preset.clone_from(preset);
            tenant.created_at = at;
            set_document(tenant, document);
        }
        TenantEvent::SettingsChanged { document } => set_document(tenant, document),
        TenantEvent::ApiKeyCreated(record) => {
            tenant.keys.insert(record.id.clone(), record.clone());
        }
        TenantEvent::ApiKeyRevoked { id } => {
            tenant.keys.remove(id);
        }
        TenantEvent::ChannelConfigured { channel, config } => {
            tenant.channels.insert(*channel, config.clone());
        }
        TenantEvent::ChannelRemoved { channel } => {
            tenant.channels.remove(channel);
        }
        TenantEvent::Suspended => tenant.suspended = true,
        TenantEvent::Resumed => tenant.suspended = false,
    }
}

fn set_document(tenant: &mut Tenant, document: &serde_json::Value) {
    tenant.document = document.clone();
    if let Ok(settings) = Settings::from_document(document).or_else(|_| Settings::read_unchecked(document)) {
        tenant.settings = Arc::new(settings);
    }
}

//! A tenant's state: the fold of its events.

use std::collections::{BTreeMap, BTreeSet};
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
    /// What is paused and stopped.
    pub steering: Steering,
    /// When channels were last tried out; at most [`MAX_TESTS_AN_HOUR`].
    pub tests: Vec<Timestamp>,
}

/// Test messages a tenant may send in an hour: enough to set a channel up, too few to be of use as a relay.
pub const MAX_TESTS_AN_HOUR: usize = 10;

/// Who decided that what is not sent for now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steering {
    /// Channels, or single providers of theirs.
    pub paused: BTreeSet<(Channel, Option<String>)>,
    /// Beginnings of numbers that get no text message, and why.
    pub stopped_prefixes: BTreeMap<String, String>,
}

impl Steering {
    /// Whether a provider of a channel may be handed messages.
    pub fn is_paused(&self, channel: Channel, provider: &str) -> bool {
        self.paused.iter().any(|(of, only)| *of == channel && only.as_deref().is_none_or(|only| only == provider))
    }

    /// The longest stopped beginning of a number in E.164 form.
    pub fn stopped_prefix(&self, e164: &str) -> Option<&str> {
        self.stopped_prefixes
            .keys()
            .filter(|prefix| e164.starts_with(*prefix))
            .max_by_key(|p| p.len())
            .map(String::as_str)
    }
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
        TenantEvent::ChannelTested { .. } => {
            if tenant.tests.len() >= MAX_TESTS_AN_HOUR {
                tenant.tests.remove(0);
            }
            tenant.tests.push(at);
        }
        TenantEvent::Suspended => tenant.suspended = true,
        TenantEvent::Resumed => tenant.suspended = false,
        TenantEvent::DeliveryPaused { channel, provider } => {
            tenant.steering.paused.insert((*channel, provider.clone()));
        }
        TenantEvent::DeliveryResumed { channel, provider } => {
            tenant.steering.paused.remove(&(*channel, provider.clone()));
        }
        TenantEvent::PrefixStopped { prefix, reason } => {
            tenant.steering.stopped_prefixes.insert(prefix.clone(), reason.clone());
        }
        TenantEvent::PrefixReleased { prefix } => {
            tenant.steering.stopped_prefixes.remove(prefix);
        }
    }
}

fn set_document(tenant: &mut Tenant, document: &serde_json::Value) {
    tenant.document = document.clone();
    if let Ok(settings) = Settings::from_document(document).or_else(|_| Settings::read_unchecked(document)) {
        tenant.settings = Arc::new(settings);
    }
}

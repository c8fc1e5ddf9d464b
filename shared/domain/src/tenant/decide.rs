//! What can be asked of a tenant.

use super::event::{ApiKeyRecord, Scope, TenantEvent};
use super::state::Tenant;
use super::steer::steer;
use crate::settings::{Settings, SettingsError};
use crate::user_id::is_forbidden;
use crate::{Channel, KeyId, Sealed, Timestamp};

/// Keys a tenant may have at a time (C26).
const MAX_KEYS: usize = 100;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum TenantCommand {
    /// Make the tenant.
    Create {
        /// 1 to 64 of `a-z`, `0-9` and `-`.
        name: String,
        /// The preset the document came from.
        preset: Option<String>,
        /// Its settings.
        document: serde_json::Value,
    },
    /// Change settings by an RFC 7396 merge patch.
    PatchSettings {
        /// The patch.
        patch: serde_json::Value,
    },
    /// Add a key.
    CreateApiKey(ApiKeyRecord),
    /// Kill a key.
    RevokeApiKey(KeyId),
    /// Set a channel.
    ConfigureChannel {
        /// Which.
        channel: Channel,
        /// Its configuration, sealed.
        config: Sealed,
    },
    /// Take a channel away.
    RemoveChannel(Channel),
    /// Refuse every key.
    Suspend,
    /// Accept the keys again.
    Resume,
    /// Hand nothing over.
    PauseDelivery {
        /// Over which channel.
        channel: Channel,
        /// Only by this provider.
        provider: Option<String>,
    },
    /// Hand messages over again.
    ResumeDelivery {
        /// Over which channel.
        channel: Channel,
        /// By this provider; none: what was paused as a whole.
        provider: Option<String>,
    },
    /// Send nothing to numbers that begin like this.
    StopPrefix {
        /// `+` and 1 to 10 digits.
        prefix: String,
        /// 1 to 200 printable characters, nothing personal.
        reason: String,
    },
    /// Send there again.
    ReleasePrefix {
        /// As it was stopped.
        prefix: String,
    },
    /// Try a channel out.
    TestChannel {
        /// Which.
        channel: Channel,
        /// Now.
        at: Timestamp,
    },
}

/// Why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantRefusal {
    /// There is none.
    #[error("no such tenant")]
    NotFound,
    /// There is one of that name.
    #[error("a tenant of that name exists already")]
    Exists,
    /// The name is not usable.
    #[error("a tenant's name is 1 to 64 lower-case letters, digits and hyphens")]
    BadName,
    /// The settings are not usable.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No such key.
    #[error("no such API key")]
    KeyNotFound,
    /// Too many keys.
    #[error("a tenant has at most 100 API keys; revoke one first")]
    TooManyKeys,
    /// The label is not usable.
    #[error("a key's label is 1 to 64 printable characters")]
    BadLabel,
    /// The scopes are not usable.
    #[error("a key has one or more scopes; operator is not for tenants")]
    BadScopes,
    /// The provider's name is not usable.
    #[error("a provider's name is 1 to 32 of a-z, 0-9, - and _")]
    BadProvider,
    /// The beginning of numbers is not usable.
    #[error("a prefix is + and 1 to 10 digits, the country code first")]
    BadPrefix,
    /// The reason is not usable.
    #[error("a reason is 1 to 200 printable characters")]
    BadReason,
    /// Too much is paused or stopped.
    #[error("at most 64 pauses and 500 stopped prefixes; take some back first")]
    TooMuchSteering,
    /// Too many test messages.
    #[error("at most 10 test messages an hour")]
    TooManyTests {
        /// When the next one is possible.
        at: Timestamp,
    },
}

/// Decides. An empty list means that all is as asked already.
pub fn decide_tenant(tenant: &Tenant, command: &TenantCommand) -> Result<Vec<TenantEvent>, TenantRefusal> {
    if let TenantCommand::Create { name, preset, document } = command {
        return create(tenant, name, preset.as_ref(), document);
    }
    if tenant.name.is_none() {
        return Err(TenantRefusal::NotFound);
    }
    Ok(match command {
        TenantCommand::Create { .. } => Vec::new(),
        TenantCommand::PatchSettings { patch } => {
            let (document, _) = Settings::overlay(&tenant.document, patch)?;
            when(document != tenant.document, TenantEvent::SettingsChanged { document })
        }
        TenantCommand::CreateApiKey(record) => {
            check_key(tenant, record)?;
            vec![TenantEvent::ApiKeyCreated(record.clone())]
        }
        TenantCommand::RevokeApiKey(id) => {
            if !tenant.keys.contains_key(id) {
                return Err(TenantRefusal::KeyNotFound);
            }
            vec![TenantEvent::ApiKeyRevoked { id: id.clone() }]
        }
        TenantCommand::ConfigureChannel { channel, config } => {
            vec![TenantEvent::ChannelConfigured { channel: *channel, config: config.clone() }]
        }
        TenantCommand::RemoveChannel(channel) => {
            when(tenant.channels.contains_key(channel), TenantEvent::ChannelRemoved { channel: *channel })
        }
        TenantCommand::Suspend => when(!tenant.suspended, TenantEvent::Suspended),
        TenantCommand::Resume => when(tenant.suspended, TenantEvent::Resumed),
        TenantCommand::PauseDelivery { .. }
        | TenantCommand::ResumeDelivery { .. }
        | TenantCommand::StopPrefix { .. }
        | TenantCommand::ReleasePrefix { .. }
        | TenantCommand::TestChannel { .. } => return steer(tenant, command),
    })
}

pub(super) fn when(changed: bool, event: TenantEvent) -> Vec<TenantEvent> {
    if changed { vec![event] } else { Vec::new() }
}

fn create(
    tenant: &Tenant,
    name: &str,
    preset: Option<&String>,
    document: &serde_json::Value,
) -> Result<Vec<TenantEvent>, TenantRefusal> {
    if tenant.name.is_some() {
        return Err(TenantRefusal::Exists);
    }
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if name.is_empty() || name.len() > 64 || !plain {
        return Err(TenantRefusal::BadName);
    }
    Settings::from_document(document)?;
    Ok(vec![TenantEvent::Created { name: name.to_owned(), preset: preset.cloned(), document: document.clone() }])
}

fn check_key(tenant: &Tenant, record: &ApiKeyRecord) -> Result<(), TenantRefusal> {
    if tenant.keys.len() >= MAX_KEYS {
        return Err(TenantRefusal::TooManyKeys);
    }
    let label = record.label.trim();
    if label.is_empty() || label.chars().count() > 64 || label.chars().any(is_forbidden) {
        return Err(TenantRefusal::BadLabel);
    }
    let for_platform = tenant.name.as_deref() == Some(PLATFORM);
    let operator = record.scopes.contains(&Scope::Operator);
    let mixed = operator && record.scopes.len() > 1;
    if record.scopes.is_empty() || mixed || operator != for_platform {
        return Err(TenantRefusal::BadScopes);
    }
    Ok(())
}

/// Name of the tenant that holds the operator's keys and nothing else.
pub const PLATFORM: &str = "platform";

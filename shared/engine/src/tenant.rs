//! Use cases of tenants, keys, channels and accounts. Rare, so they are serialised and always decided on the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use twofold_crypto::{ApiKey, ApiKeyKind, api_key};
use twofold_domain::settings::Settings;
use twofold_domain::tenant::{
    Account, AccountEvent, ApiKeyRecord, PLATFORM, Scope, Tenant, TenantCommand, TenantRefusal, decide_account,
    decide_tenant, evolve_account, evolve_tenant,
};
use twofold_domain::{AccountId, Channel, CommitId, KeyId, Mode, PanelId, TenantId, Timestamp};
use twofold_event_log::wire::{self, Event, Meta};
use twofold_event_log::{Append, Expected, NewCommit, Seq, Subject};

use crate::chain::Chain;
use crate::context::RequestContext;
use crate::directory::TenantView;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::seal::{Label, aad};

const PAGE: usize = 500;
/// Attempts against other processes that write the same tenant.
const ATTEMPTS: usize = 4;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Live or test.
    pub mode: Mode,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// What people call it.
    pub label: String,
}

/// A key just made. The text is shown this once.
#[derive(Debug)]
pub struct CreatedKey {
    /// The record that is kept.
    pub record: ApiKeyRecord,
    /// The key itself.
    pub key: ApiKey,
    /// Where it was appended.
    pub position: Seq,
}

/// Where a configuration subject stands.
struct Standing<S> {
    state: S,
    head: Option<Seq>,
    chain: Chain,
}

impl Engine {
    /// The id a tenant of this name has, whether it exists or not. Names are unique because ids are derived from them.
    pub fn tenant_id(&self, name: &str) -> TenantId {
        let hash = self.parts.keyring.fingerprint(&TenantId::from_bytes([0; 16]), "tenant-name", name.as_bytes());
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        TenantId::from_bytes(bytes)
    }

    /// Makes a tenant from a settings document.
    pub async fn create_tenant(
        &self,
        name: &str,
        preset: Option<&str>,
        document: serde_json::Value,
        context: &RequestContext,
    ) -> Result<(Arc<TenantView>, Seq), EngineError> {
        if name == PLATFORM {
            return Err(TenantRefusal::Exists.into());
        }
        self.check_templates(&document)?;
        let id = self.tenant_id(name);
        let command = TenantCommand::Create { name: name.to_owned(), preset: preset.map(str::to_owned), document };
        let position = self.tenant_command(&id, &command, context).await?;
        let view = self.directory.tenant(&id).ok_or(TenantRefusal::NotFound)?;
        Ok((view, position))
    }

    /// Changes settings by a merge patch; answers the effective document's reading.
    pub async fn patch_settings(
        &self,
        id: &TenantId,
        patch: serde_json::Value,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let current = self.directory.tenant(id).ok_or(TenantRefusal::NotFound)?;
        let (merged, _) = Settings::overlay(&current.state.document, &patch).map_err(TenantRefusal::from)?;
        self.check_templates(&merged)?;
        self.tenant_command(id, &TenantCommand::PatchSettings { patch }, context).await
    }

    fn check_templates(&self, document: &serde_json::Value) -> Result<(), EngineError> {
        let settings = Settings::from_document(document).map_err(TenantRefusal::from)?;
        self.parts
            .outbound
            .check_templates(&settings)
            .map_err(|problem| EngineError::Invalid { field: "templates", problem })
    }

    /// Makes an API key.
    pub async fn create_key(
        &self,
        id: &TenantId,
        new: NewKey,
        context: &RequestContext,
    ) -> Result<CreatedKey, EngineError> {
        let kind = match new.mode {
            _ if new.scopes.contains(&Scope::Operator) => ApiKeyKind::Operator,
            Mode::Live => ApiKeyKind::Live,
            Mode::Test => ApiKeyKind::Test,
        };
        let (key_id, key) = api_key::generate(kind, &*self.parts.rng);
        let parsed = api_key::parse(key.expose()).map_err(|e| EngineError::Integrity(e.to_string()))?;
        let hash = self.parts.keyring.api_key_hash(&parsed.secret);
        let record = ApiKeyRecord { id: key_id, hash, mode: new.mode, scopes: new.scopes, label: new.label };
        let position = self.tenant_command(id, &TenantCommand::CreateApiKey(record.clone()), context).await?;
        Ok(CreatedKey { record, key, position })
    }

    /// Kills an API key.
    pub async fn revoke_key(&self, id: &TenantId, key: &KeyId, context: &RequestContext) -> Result<Seq, EngineError> {
        self.tenant_command(id, &TenantCommand::RevokeApiKey(key.clone()), context).await
    }

    /// Makes an operator key; the platform tenant is made when it is missing.
    pub async fn create_operator_key(&self, label: &str, context: &RequestContext) -> Result<CreatedKey, EngineError> {
        let id = self.tenant_id(PLATFORM);
        if self.directory.tenant(&id).is_none() {
            let create =
                TenantCommand::Create { name: PLATFORM.to_owned(), preset: None, document: serde_json::json!({}) };
            self.tenant_command(&id, &create, context).await?;
        }
        let new = NewKey { mode: Mode::Live, scopes: BTreeSet::from([Scope::Operator]), label: label.to_owned() };
        self.create_key(&id, new, context).await
    }

    /// Sets a channel. The configuration is checked by the sending side and sealed.
    pub async fn configure_channel(
        &self,
        id: &TenantId,
        channel: Channel,
        config: &serde_json::Value,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let kept = self
            .parts
            .outbound
            .check_channel(channel, config)
            .map_err(|problem| EngineError::Invalid { field: "channel", problem })?;
        let key = self.parts.vault.tenant_key(id).await?;
        let text = serde_json::to_vec(&kept).map_err(|e| EngineError::Integrity(e.to_string()))?;
        let config = key.seal(&aad(Label::ChannelConfig, id.as_str(), channel.name()), &text, &*self.parts.rng);
        self.tenant_command(id, &TenantCommand::ConfigureChannel { channel, config }, context).await
    }

    /// The configuration of a channel, credentials included: for the sending side.
    pub async fn channel_config(
        &self,
        tenant: &TenantView,
        channel: Channel,
    ) -> Result<Option<serde_json::Value>, EngineError> {
        let Some(sealed) = tenant.channel(channel) else { return Ok(None) };
        let key = self.parts.vault.tenant_key(&tenant.id).await?;
        let text = key
            .open(&aad(Label::ChannelConfig, tenant.id.as_str(), channel.name()), sealed)
            .map_err(|e| EngineError::Integrity(e.to_string()))?;
        serde_json::from_slice(&text).map(Some).map_err(|_| EngineError::Integrity("channel configuration".to_owned()))
    }

    /// Runs a tenant command against the log.
    pub async fn tenant_command(
        &self,
        id: &TenantId,
        command: &TenantCommand,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let _one_at_a_time = self.tenant_writes.lock().await;
        let subject = Subject::tenant(id);
        for _ in 0..ATTEMPTS {
            let standing = self.load_config(&subject, Tenant::default(), |state, event, at| {
                if let Event::Tenant(event) = event {
                    evolve_tenant(state, event, at);
                }
            });
            let mut standing = standing.await?;
            let events = decide_tenant(&standing.state, command)?;
            if events.is_empty() {
                let position = standing.head.unwrap_or(Seq::ZERO);
                self.directory.put_tenant(id, standing.state, position);
                return Ok(position);
            }
            let meta = self.config_meta(id, context).await?;
            let body = wire::encode_tenant(&meta, &events);
            if let Some(position) = self.append_config(&subject, standing.head, standing.chain, body).await? {
                for event in &events {
                    evolve_tenant(&mut standing.state, event, meta.at);
                }
                self.directory.put_tenant(id, standing.state, position);
                return Ok(position);
            }
        }
        Err(EngineError::Conflict)
    }

    /// Sets an account's overrides.
    pub async fn set_account(
        &self,
        tenant: &TenantId,
        mode: Mode,
        panel_id: &PanelId,
        overrides: &serde_json::Value,
        context: &RequestContext,
    ) -> Result<(AccountId, Seq), EngineError> {
        let _one_at_a_time = self.tenant_writes.lock().await;
        let view = self.directory.tenant(tenant).ok_or(TenantRefusal::NotFound)?;
        let id = self.parts.keyring.account_id(tenant, mode, panel_id);
        let key = self.parts.vault.tenant_key(tenant).await?;
        let sealed = key.seal(
            &aad(Label::AccountPanelId, tenant.as_str(), id.as_str()),
            panel_id.as_str().as_bytes(),
            &*self.parts.rng,
        );
        let subject = Subject::account(tenant, &id);
        for _ in 0..ATTEMPTS {
            let empty = Account { panel_id: None, overrides: serde_json::json!({}) };
            let standing = self.load_config(&subject, empty, |state, event, _| {
                if let Event::Account(event) = event {
                    evolve_account(state, event);
                }
            });
            let mut standing = standing.await?;
            let events: Vec<AccountEvent> = decide_account(&standing.state, &view.state.document, &sealed, overrides)?;
            if events.is_empty() {
                return Ok((id, standing.head.unwrap_or(Seq::ZERO)));
            }
            let meta = self.config_meta(tenant, context).await?;
            let body = wire::encode_account(&meta, &events);
            if let Some(position) = self.append_config(&subject, standing.head, standing.chain, body).await? {
                for event in &events {
                    evolve_account(&mut standing.state, event);
                }
                self.directory.put_account(tenant, &id, standing.state, position);
                return Ok((id, position));
            }
        }
        Err(EngineError::Conflict)
    }

    async fn load_config<S>(
        &self,
        subject: &Subject,
        state: S,
        mut fold: impl FnMut(&mut S, &Event, Timestamp),
    ) -> Result<Standing<S>, EngineError> {
        let mut standing = Standing { state, head: None, chain: Chain::start() };
        loop {
            let page = self.parts.log.read_subject(subject, standing.head.unwrap_or(Seq::ZERO), PAGE).await?;
            if page.is_empty() {
                return Ok(standing);
            }
            for stored in &page {
                standing.chain = standing
                    .chain
                    .check(&self.parts.keyring, stored)
                    .map_err(|e| EngineError::Integrity(e.to_string()))?;
                let decoded =
                    wire::decode(subject, &stored.payload).map_err(|e| EngineError::Integrity(e.to_string()))?;
                for event in &decoded.events {
                    fold(&mut standing.state, event, decoded.meta.at);
                }
                standing.head = Some(stored.seq);
            }
        }
    }

    pub(crate) async fn config_meta(&self, tenant: &TenantId, context: &RequestContext) -> Result<Meta, EngineError> {
        let private = match context.private() {
            None => None,
            Some(private) => {
                let key = self.parts.vault.tenant_key(tenant).await?;
                let text = serde_json::to_vec(&private).map_err(|e| EngineError::Integrity(e.to_string()))?;
                Some(key.seal(&aad(Label::Private, tenant.as_str(), tenant.as_str()), &text, &*self.parts.rng))
            }
        };
        Ok(Meta {
            at: self.parts.clock.now(),
            actor: context.actor.kind,
            actor_token: None,
            request_id: context.request_id.clone(),
            private,
        })
    }

    /// Appends; `None` means that somebody else was faster.
    async fn append_config(
        &self,
        subject: &Subject,
        head: Option<Seq>,
        chain: Chain,
        body: Vec<u8>,
    ) -> Result<Option<Seq>, EngineError> {
        let id = CommitId::from_bytes(self.parts.rng.bytes16());
        let (payload, _) = chain.seal(&self.parts.keyring, subject, &id, body);
        let expected = Some(head.map_or(Expected::NoStream, Expected::Exact));
        match self.parts.log.append(Append::one(NewCommit { subject: subject.clone(), expected, id, payload })).await {
            Ok(appended) => Ok(appended.seqs.first().copied()),
            Err(twofold_event_log::AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

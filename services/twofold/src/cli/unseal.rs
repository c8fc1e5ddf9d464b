//! Reading what is sealed, for the operator: the folder holds the keys as well. What was erased reads as nothing.

use std::collections::HashMap;
use std::sync::Arc;

use twofold_crypto::{DataKey, VaultError};
use twofold_domain::{Sealed, TenantId, UserToken};
use twofold_engine::{Label, PrivateContext, aad};
use twofold_read_model::ReadStore;

use crate::compose::Core;
use crate::failure::{Context as _, Failure};

/// Users remembered while a listing is made.
const MAX_REMEMBERED: usize = 10_000;

/// Opens sealed values and remembers names.
#[derive(Debug, Default)]
pub struct Names(HashMap<(TenantId, UserToken), Option<String>>);

impl Names {
    /// The panel's own id of a user, or the token when he was erased.
    pub async fn of(
        &mut self,
        core: &Core,
        store: &dyn ReadStore,
        tenant: &TenantId,
        user: &UserToken,
    ) -> Result<String, Failure> {
        let place = (tenant.clone(), user.clone());
        if let Some(known) = self.0.get(&place) {
            return Ok(known.clone().unwrap_or_else(|| user.to_string()));
        }
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        let row = store.user(tenant, user).await.context("the read model")?;
        let name = match (row.and_then(|row| row.panel_id), user_key(core, tenant, user).await?) {
            (Some(sealed), Some(key)) => open(&key, Label::PanelId, tenant, user.as_str(), &sealed),
            (Some(_) | None, _) => None,
        };
        self.0.insert(place, name.clone());
        Ok(name.unwrap_or_else(|| user.to_string()))
    }
}

/// The personal part of an event's context: who, why, from where.
pub async fn private(
    core: &Core,
    tenant: &TenantId,
    user: Option<&UserToken>,
    sealed: Option<&Sealed>,
) -> Result<PrivateContext, Failure> {
    let Some(sealed) = sealed else { return Ok(PrivateContext::default()) };
    let (key, owner) = match user {
        Some(user) => (user_key(core, tenant, user).await?, user.as_str()),
        None => (Some(core.engine.vault().tenant_key(tenant).await.context("the key store")?), tenant.as_str()),
    };
    let text = key.and_then(|key| open(&key, Label::Private, tenant, owner, sealed));
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn user_key(core: &Core, tenant: &TenantId, user: &UserToken) -> Result<Option<Arc<DataKey>>, Failure> {
    match core.engine.vault().existing(tenant, user).await {
        Ok(key) => Ok(Some(key)),
        Err(VaultError::Absent | VaultError::Destroyed) => Ok(None),
        Err(error @ (VaultError::Unavailable(_) | VaultError::Corrupt(_))) => {
            Err(Failure::new(format!("the key store: {error}")))
        }
    }
}

fn open(key: &DataKey, label: Label, tenant: &TenantId, owner: &str, sealed: &Sealed) -> Option<String> {
    let clear = key.open(&aad(label, tenant.as_str(), owner), sealed).ok()?;
    String::from_utf8(clear.to_vec()).ok()
}

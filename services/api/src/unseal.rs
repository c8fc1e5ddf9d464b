//! Opening what is sealed under a user's or tenant's key, for answers to people who may see it. What cannot be opened
//! any more, because the key was destroyed, reads as nothing and never as an error.

use std::sync::Arc;

use twofold_crypto::{DataKey, VaultError};
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::user::Destination;
use twofold_domain::{Method, Sealed, TenantId, UserToken};
use twofold_engine::{Engine, EngineError, Label, PrivateContext, aad};

use crate::http::{Problem, Result};

/// Reads what belongs to one owner.
#[derive(Debug, Clone)]
pub struct Unsealer {
    tenant: TenantId,
    owner: String,
    key: Option<Arc<DataKey>>,
}

impl Unsealer {
    /// Of a user. The key store is always asked: the key may have been destroyed through another process a moment ago.
    ///
    /// # Errors
    /// 503 when the key store does not answer.
    pub async fn of_user(engine: &Engine, tenant: &TenantId, user: &UserToken) -> Result<Self> {
        let key = match engine.vault().confirmed(tenant, user).await {
            Ok(key) => Some(key),
            Err(VaultError::Absent | VaultError::Destroyed) => None,
            Err(error @ (VaultError::Unavailable(_) | VaultError::Corrupt(_))) => {
                return Err(Problem::from(EngineError::from(error)));
            }
        };
        Ok(Self { tenant: tenant.clone(), owner: user.as_str().to_owned(), key })
    }

    /// Of the tenant itself.
    ///
    /// # Errors
    /// 503 when the key store does not answer.
    pub async fn of_tenant(engine: &Engine, tenant: &TenantId) -> Result<Self> {
        let key = engine.vault().tenant_key(tenant).await.map_err(|error| Problem::from(EngineError::from(error)))?;
        Ok(Self { tenant: tenant.clone(), owner: tenant.as_str().to_owned(), key: Some(key) })
    }

    /// The key, unless it was destroyed.
    pub fn key(&self) -> Option<&DataKey> {
        self.key.as_deref()
    }

    /// A sealed text in clear.
    pub fn text(&self, label: Label, sealed: &Sealed) -> Option<String> {
        let clear = self.key()?.open(&aad(label, self.tenant.as_str(), &self.owner), sealed).ok()?;
        String::from_utf8(clear.to_vec()).ok()
    }

    /// The personal part of an event's context.
    pub fn private(&self, sealed: &Sealed) -> Option<PrivateContext> {
        serde_json::from_str(&self.text(Label::Private, sealed)?).ok()
    }

    /// An address or number that shows just enough to recognise it.
    pub fn masked(&self, method: Method, destination: &Destination) -> Option<String> {
        match method {
            Method::Totp => None,
            Method::Email => {
                EmailAddress::parse(&self.text(Label::Email, &destination.sealed)?).ok().map(|address| address.masked())
            }
            Method::Sms => PhoneNumber::parse(&self.text(Label::Phone, &destination.sealed)?, None)
                .ok()
                .map(|number| number.masked()),
        }
    }
}

//! The very first start: a tenant to try things with, and its keys.

use std::collections::BTreeSet;

use serde_json::json;
use twofold_domain::Mode;
use twofold_domain::tenant::Scope;
use twofold_engine::{CreatedKey, NewKey, RequestContext};
use twofold_event_log::Seq;

use super::Core;
use crate::failure::{Context as _, Failure};

/// The tenant of the first start.
pub const DEMO_TENANT: &str = "demo";

/// Keys made at the first start. They are shown once and stored nowhere.
#[derive(Debug)]
pub struct FirstKeys {
    /// For test users; messages stay in the test inbox.
    pub test: CreatedKey,
    /// For real users.
    pub live: CreatedKey,
    /// For tenants and their keys.
    pub operator: CreatedKey,
}

/// Makes the tenant and the keys if the log is empty.
pub async fn first_start(core: &Core) -> Result<Option<FirstKeys>, Failure> {
    if core.log.head().await.context("the log cannot be read")? != Seq::ZERO {
        return Ok(None);
    }
    let context = RequestContext::system();
    let engine = &core.engine;
    let made = engine.create_tenant(DEMO_TENANT, None, demo_document(), &context).await;
    let (tenant, _) = made.context("the tenant demo cannot be made")?;
    let key = |mode: Mode| NewKey {
        mode,
        scopes: BTreeSet::from(Scope::TENANT),
        label: format!("first {} key", mode.name()),
    };
    let failed = "the first keys cannot be made";
    Ok(Some(FirstKeys {
        test: engine.create_key(&tenant.id, key(Mode::Test), &context).await.context(failed)?,
        live: engine.create_key(&tenant.id, key(Mode::Live), &context).await.context(failed)?,
        operator: engine.create_operator_key("first operator key", &context).await.context(failed)?,
    }))
}

/// Like the defaults (authenticator app and recovery codes), with e-mail and SMS to try as well.
pub fn demo_document() -> serde_json::Value {
    json!({
        "brand": "Twofold Demo",
        "methods": { "allowed": ["totp", "email", "sms"], "max_active": 3 },
        "destination": { "source": "either" },
    })
}

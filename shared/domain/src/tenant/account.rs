//! An account's overrides of the tenant's settings.

use super::TenantRefusal;
use crate::Sealed;
use crate::settings::{Settings, SettingsError};

/// What can happen to an account.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountEvent {
    /// Its overrides were set; an empty object means none.
    OverridesSet {
        /// The panel's own account id under the tenant's key.
        panel_id: Sealed,
        /// A partial settings document.
        overrides: serde_json::Value,
    },
}

impl AccountEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OverridesSet { .. } => "account.overrides_set",
        }
    }
}

/// An account's state: the fold of its events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Account {
    /// The panel's own account id under the tenant's key; none until overrides were set.
    pub panel_id: Option<Sealed>,
    /// A partial settings document.
    pub overrides: serde_json::Value,
}

/// Applies one event.
pub fn evolve_account(account: &mut Account, event: &AccountEvent) {
    match event {
        AccountEvent::OverridesSet { panel_id, overrides } => {
            account.panel_id = Some(panel_id.clone());
            account.overrides = overrides.clone();
        }
    }
}

/// Overrides are accepted when the tenant's document with them laid over it is a valid one.
pub fn decide_account(
    account: &Account,
    tenant_document: &serde_json::Value,
    panel_id: &Sealed,
    overrides: &serde_json::Value,
) -> Result<Vec<AccountEvent>, TenantRefusal> {
    if !overrides.is_object() {
        return Err(SettingsError::Shape("overrides must be a JSON object".to_owned()).into());
    }
    Settings::overlay(tenant_document, overrides)?;
    if account.overrides == *overrides {
        return Ok(Vec::new());
    }
    Ok(vec![AccountEvent::OverridesSet { panel_id: panel_id.clone(), overrides: overrides.clone() }])
}

//! One event of the audit, with what is personal in it opened where it still can be.

use std::collections::HashMap;

use serde::Serialize;
use twofold_domain::UserToken;
use twofold_engine::{Label, PrivateContext};
use twofold_read_model::{AuditRow, StoreError};
use utoipa::ToSchema;

use super::text::sentence;
use crate::app::App;
use crate::http::Result;
use crate::unseal::Unsealer;

/// Users whose keys and names are remembered while an answer is made.
const MAX_REMEMBERED: usize = 512;

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// `user`, `account_admin`, `support` or `system`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The panel's own id of him, as the panel reported it; null when it did not, or after erasure.
    pub id: Option<String>,
}

/// One event. Personal fields are null when the panel did not report them, and after the user was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditItem {
    /// Position of its commit in the log.
    pub position: u64,
    /// Place inside the commit, from 0.
    pub index: u32,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// The event's dotted name; stable.
    #[schema(example = "verification.failed")]
    pub kind: String,
    /// About whom: the panel's own user id. Null for what concerns the tenant as a whole, and after erasure.
    pub user: Option<String>,
    /// By whom.
    pub actor: AuditActor,
    /// Id of the request that caused it.
    pub request_id: Option<String>,
    /// The end user's address, as the panel reported it.
    pub ip: Option<String>,
    /// The end user's browser, as the panel reported it.
    pub user_agent: Option<String>,
    /// Why, as the panel reported it.
    pub reason: Option<String>,
    /// Everything else the event says; nothing secret.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
    /// The same in a sentence, for support staff.
    pub text: String,
}

/// Makes items out of rows. Holds a bounded number of keys.
#[derive(Debug, Default)]
pub struct Reader {
    tenant: Option<Unsealer>,
    users: HashMap<UserToken, (Unsealer, Option<String>)>,
}

impl Reader {
    /// A page of items.
    pub async fn items(&mut self, app: &App, rows: Vec<AuditRow>) -> Result<Vec<AuditItem>> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.push(self.item(app, row).await?);
        }
        Ok(items)
    }

    async fn item(&mut self, app: &App, row: AuditRow) -> Result<AuditItem> {
        let (user, private) = match &row.user {
            Some(token) => {
                let (unsealer, name) = self.user(app, &row, token).await?;
                (name.clone(), row.private.as_ref().and_then(|sealed| unsealer.private(sealed)))
            }
            None => (None, self.of_tenant(app, &row).await?),
        };
        let PrivateContext { actor_id, reason, ip, user_agent } = private.unwrap_or_default();
        let text = sentence(&row);
        Ok(AuditItem {
            position: row.seq.0,
            index: row.idx,
            at: row.at.to_rfc3339(),
            user,
            actor: AuditActor { kind: row.actor.name(), id: actor_id },
            ip,
            user_agent,
            reason,
            details: details(row.details, row.method.as_deref(), row.reason.as_deref()),
            text,
            kind: row.kind.into_owned(),
            request_id: row.request_id,
        })
    }

    async fn user(&mut self, app: &App, row: &AuditRow, token: &UserToken) -> Result<&(Unsealer, Option<String>)> {
        if self.users.len() >= MAX_REMEMBERED && !self.users.contains_key(token) {
            self.users.clear();
        }
        if !self.users.contains_key(token) {
            let known = named(app, row, token).await?;
            self.users.insert(token.clone(), known);
        }
        Ok(&self.users[token])
    }

    async fn of_tenant(&mut self, app: &App, row: &AuditRow) -> Result<Option<PrivateContext>> {
        let Some(sealed) = &row.private else { return Ok(None) };
        if self.tenant.is_none() {
            self.tenant = Some(Unsealer::of_tenant(&app.engine, &row.tenant).await?);
        }
        Ok(self.tenant.as_ref().and_then(|unsealer| unsealer.private(sealed)))
    }
}

async fn named(app: &App, row: &AuditRow, token: &UserToken) -> Result<(Unsealer, Option<String>)> {
    let unsealer = Unsealer::of_user(&app.engine, &row.tenant, token).await?;
    let known = if unsealer.key().is_some() {
        app.store.user(&row.tenant, token).await.map_err(|e: StoreError| e)?
    } else {
        None
    };
    let name = known.and_then(|user| user.panel_id).and_then(|sealed| unsealer.text(Label::PanelId, &sealed));
    Ok((unsealer, name))
}

/// Method and reason stand in columns of their own in the read model; here they are details like the others.
fn details(mut details: serde_json::Value, method: Option<&str>, reason: Option<&str>) -> serde_json::Value {
    if let serde_json::Value::Object(members) = &mut details {
        for (name, value) in [("method", method), ("reason", reason)] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.into());
            }
        }
    }
    details
}

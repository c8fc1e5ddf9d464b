//! `/v1/operator/…`: for whoever runs the server. Only operator keys have the scope, and they have no other.

mod api_keys;
mod resume;
mod suspend;
mod tenant;
mod tenants;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Serialize;
use twofold_domain::tenant::{PLATFORM, Scope};
use twofold_domain::{Channel, TenantId};
use twofold_engine::TenantView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::body::ApiKeyBody;
use crate::http::{Key, Problem, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(tenants::routes())
        .merge(tenant::routes())
        .merge(suspend::routes())
        .merge(resume::routes())
        .merge(api_keys::routes())
}

/// A tenant in the operator's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantSummary {
    /// Its id.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// The preset it was made from.
    pub preset: Option<String>,
    /// When.
    pub created_at: String,
    /// Every key is refused.
    pub suspended: bool,
    /// Position of its last change.
    pub position: u64,
}

impl TenantSummary {
    fn of(tenant: &TenantView) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.state.name.clone().unwrap_or_default(),
            preset: tenant.state.preset.clone(),
            created_at: tenant.state.created_at.to_rfc3339(),
            suspended: tenant.state.suspended,
            position: tenant.position.0,
        }
    }
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantBody {
    /// As in the list.
    #[serde(flatten)]
    pub summary: TenantSummary,
    /// Its settings document as written.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
    /// Channels with a configuration of its own.
    pub channels: Vec<&'static str>,
    /// Its keys, without their secrets.
    pub keys: Vec<ApiKeyBody>,
}

impl TenantBody {
    fn of(tenant: &TenantView) -> Self {
        Self {
            summary: TenantSummary::of(tenant),
            document: tenant.state.document.clone(),
            channels: tenant.state.channels.keys().copied().map(Channel::name).collect(),
            keys: ApiKeyBody::all(&tenant.state, |_| true),
        }
    }
}

/// `{tenant}` of a path.
struct TenantPath(String);

impl FromRequestParts<App> for TenantPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(id) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| missing())?;
        Ok(Self(id))
    }
}

fn missing() -> Problem {
    Problem::not_found("tenant_not_found", "no such tenant")
}

/// Whether it is the tenant that holds the operator's own keys: no route shows or touches it.
fn is_platform(tenant: &TenantView) -> bool {
    tenant.state.name.as_deref() == Some(PLATFORM)
}

impl TenantPath {
    /// The tenant, for an operator.
    fn open(&self, app: &App, key: Key) -> Result<Arc<TenantView>> {
        key.allow(Scope::Operator)?;
        let id = TenantId::parse(&self.0).map_err(|_| missing())?;
        app.engine.directory().tenant(&id).filter(|tenant| !is_platform(tenant)).ok_or_else(missing)
    }
}

/// The tenant as it is after a write.
fn after(app: &App, tenant: &Arc<TenantView>) -> Arc<TenantView> {
    app.engine.directory().tenant(&tenant.id).unwrap_or_else(|| Arc::clone(tenant))
}

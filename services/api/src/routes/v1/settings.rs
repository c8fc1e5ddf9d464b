use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::TenantView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Body, Key, Origin, Problem, RequestId, Result, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, patch))
}

/// The tenant's rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsBody {
    /// The document as written: only what differs from the defaults.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
    /// Every setting, defaults included.
    #[schema(value_type = Object)]
    pub effective: serde_json::Value,
    /// Position of the tenant's last change.
    pub position: u64,
}

impl SettingsBody {
    fn of(tenant: &TenantView) -> Self {
        Self {
            document: tenant.state.document.clone(),
            effective: serde_json::to_value(&**tenant.settings()).unwrap_or_default(),
            position: tenant.position.0,
        }
    }
}

/// The tenant's settings, as written and with defaults.
#[utoipa::path(get, path = "/v1/settings", tag = "settings", responses((status = 200, description = "The settings", body = SettingsBody)))]
async fn get(key: Key) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    Ok(json(StatusCode::OK, &SettingsBody::of(&principal.tenant)))
}

/// Change settings by a merge patch (RFC 7396): `null` takes a setting back to its default. The result is checked as a
/// whole, texts and templates included, and in force on every node within a second. Recorded as done by the panel.
#[utoipa::path(patch, path = "/v1/settings", tag = "settings",
    request_body(description = "A partial settings document", content((Object = "application/merge-patch+json"), (Object = "application/json"))),
    responses(
        (status = 200, description = "The settings as they are now", body = SettingsBody),
        (status = 422, description = "`invalid_settings`: see `errors`", body = Problem),
    ))]
async fn patch(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<serde_json::Value>,
) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let position = app.engine.patch_settings(&principal.tenant.id, body.value, &context).await?;
    let now = app.engine.directory().tenant(&principal.tenant.id).unwrap_or(principal.tenant);
    Ok(written(StatusCode::OK, &SettingsBody::of(&now), position))
}

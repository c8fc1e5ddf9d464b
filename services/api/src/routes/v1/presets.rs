use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::Preset;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Key, Problem, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// The presets there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresetsBody {
    /// Their names, with what they set.
    pub items: Vec<PresetBody>,
}

/// A settings document shipped with the product.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresetBody {
    /// Its name, for `preset` of a new tenant.
    pub name: &'static str,
    /// What differs from the defaults.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
    /// The commented file (TOML), in the answer about one preset only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

/// `{name}` of a path.
struct PresetPath(Preset);

impl FromRequestParts<App> for PresetPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let missing = || Problem::not_found("preset_not_found", "no such preset; GET /v1/presets lists them");
        let Path(name) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| missing())?;
        Preset::by_name(&name).map(Self).ok_or_else(missing)
    }
}

/// The presets a tenant can be made from. Any key may ask.
#[utoipa::path(get, path = "/v1/presets", tag = "settings", responses((status = 200, description = "The presets", body = PresetsBody)))]
async fn list(_: Key) -> Response {
    let items = Preset::ALL.into_iter().map(|preset| PresetBody {
        name: preset.name(),
        document: preset.document(),
        source: None,
    });
    json(StatusCode::OK, &PresetsBody { items: items.collect() })
}

/// One preset with its commented file. Any key may ask.
#[utoipa::path(get, path = "/v1/presets/{name}", tag = "settings", params(("name" = String, Path, description = "Name of the preset")),
    responses((status = 200, description = "The preset", body = PresetBody), (status = 404, description = "No such preset", body = Problem)))]
async fn get(_: Key, PresetPath(preset): PresetPath) -> Response {
    json(
        StatusCode::OK,
        &PresetBody { name: preset.name(), document: preset.document(), source: Some(preset.source()) },
    )
}

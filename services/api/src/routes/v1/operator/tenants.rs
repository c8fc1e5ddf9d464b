use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::actor::ActorKind;
use twofold_domain::settings::merge_patch;
use twofold_domain::tenant::Scope;
use twofold_domain::{Mode, Preset, TenantId};
use twofold_engine::{NewKey, RequestContext, TenantView};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{TenantSummary, is_platform};
use crate::app::App;
use crate::body::NewApiKeyBody;
use crate::http::{Body, Key, Origin, PageQuery, Problem, QueryOf, RequestId, Result, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// A tenant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantPost {
    /// 1 to 64 lower-case letters, digits and hyphens. Unique, and never changed.
    #[schema(example = "example-hosting")]
    pub name: String,
    /// The preset to start from. Default: the built-in defaults.
    #[serde(default)]
    pub preset: Option<String>,
    /// A merge patch over the preset.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Value>,
    /// Make a live and a test key with every scope as well.
    #[serde(default)]
    pub create_keys: bool,
}

/// A tenant just made.
#[derive(Serialize, ToSchema)]
pub struct NewTenantBody {
    /// As in the list.
    #[serde(flatten)]
    pub summary: TenantSummary,
    /// Its keys, if they were asked for. Shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<NewKeysBody>,
}

/// The first keys of a tenant.
#[derive(Serialize, ToSchema)]
pub struct NewKeysBody {
    /// For real users.
    pub live: NewApiKeyBody,
    /// For test users.
    pub test: NewApiKeyBody,
}

/// A page of tenants.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantsBody {
    /// In the order of their ids.
    pub items: Vec<TenantSummary>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TenantsQuery {
    /// Rows of a page, 1 to 500. Default 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The tenants.
#[utoipa::path(get, path = "/v1/operator/tenants", tag = "operator", params(TenantsQuery),
    responses((status = 200, description = "A page", body = TenantsBody), (status = 400, description = "`invalid_cursor`", body = Problem)))]
async fn get(State(app): State<App>, key: Key, QueryOf(query): QueryOf<TenantsQuery>) -> Result<Response> {
    key.allow(Scope::Operator)?;
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let limit = page.limit()?;
    let bad = |_| Problem::bad_request("invalid_cursor", "use next_cursor of the page before as it is");
    let after = page.cursor.as_deref().map(TenantId::parse).transpose().map_err(bad)?;
    let mut tenants: Vec<Arc<TenantView>> = app.engine.directory().tenants();
    tenants.retain(|tenant| !is_platform(tenant) && after.as_ref().is_none_or(|after| tenant.id > *after));
    tenants.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let more = tenants.len() > limit;
    tenants.truncate(limit);
    let next_cursor = tenants.last().filter(|_| more).map(|tenant| tenant.id.to_string());
    let items = tenants.iter().map(|tenant| TenantSummary::of(tenant)).collect();
    Ok(json(StatusCode::OK, &TenantsBody { items, next_cursor }))
}

/// Make a tenant. Names are unique, so a repetition answers 409 `tenant_exists` and makes nothing.
#[utoipa::path(post, path = "/v1/operator/tenants", tag = "operator", request_body = TenantPost,
    responses(
        (status = 201, description = "Made", body = NewTenantBody),
        (status = 409, description = "`tenant_exists`", body = Problem),
        (status = 422, description = "Name, preset or settings are not usable", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<TenantPost>,
) -> Result<Response> {
    key.allow(Scope::Operator)?;
    let TenantPost { name, preset, settings, create_keys } = body.value;
    let document = document(preset.as_deref(), settings.as_ref())?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let (tenant, mut position) = app.engine.create_tenant(&name, preset.as_deref(), document, &context).await?;
    let mut keys = None;
    if create_keys {
        let live = first_key(&app, &tenant.id, Mode::Live, &context).await?;
        let test = first_key(&app, &tenant.id, Mode::Test, &context).await?;
        position = twofold_event_log::Seq(test.position);
        keys = Some(NewKeysBody { live, test });
    }
    let summary = TenantSummary { position: position.0, ..TenantSummary::of(&tenant) };
    Ok(written(StatusCode::CREATED, &NewTenantBody { summary, keys }, position))
}

fn document(preset: Option<&str>, settings: Option<&serde_json::Value>) -> Result<serde_json::Value> {
    let unknown = || Problem::invalid("preset", "a preset of GET /v1/presets");
    let mut document = match preset {
        Some(name) => Preset::by_name(name).ok_or_else(unknown)?.document(),
        None => serde_json::json!({}),
    };
    if let Some(settings) = settings {
        if !settings.is_object() {
            return Err(Problem::invalid("settings", "a JSON object"));
        }
        merge_patch(&mut document, settings);
    }
    Ok(document)
}

async fn first_key(app: &App, tenant: &TenantId, mode: Mode, context: &RequestContext) -> Result<NewApiKeyBody> {
    let new = NewKey { mode, scopes: BTreeSet::from(Scope::TENANT), label: format!("first {} key", mode.name()) };
    Ok(NewApiKeyBody::of(&app.engine.create_key(tenant, new, context).await?))
}

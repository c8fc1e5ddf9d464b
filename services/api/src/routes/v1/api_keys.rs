use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::{ApiKeyRecord, Scope};
use twofold_domain::{KeyId, Mode};
use twofold_engine::{NewKey, Principal};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{ApiKeyBody, ApiKeyPost, NewApiKeyBody};
use crate::http::{Body, Key, Origin, Problem, RequestId, Result, gone, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, post)).routes(routes!(delete))
}

/// The tenant's keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeysBody {
    /// At most 100.
    pub items: Vec<ApiKeyBody>,
    /// Position of the tenant's last change.
    pub position: u64,
}

/// `{key}` of a path. A text that is no id answers like an id that is unknown or foreign (invariant 4).
struct KeyPath(KeyId);

fn missing() -> Problem {
    Problem::not_found("api_key_not_found", "no such API key")
}

impl FromRequestParts<App> for KeyPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(id) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| missing())?;
        KeyId::parse(&id).map(Self).map_err(|_| missing())
    }
}

/// A test key knows nothing of live keys.
fn visible(principal: &Principal, record: &ApiKeyRecord) -> bool {
    principal.mode == Mode::Live || record.mode == Mode::Test
}

/// The tenant's keys, without their secrets. A test key sees test keys only.
#[utoipa::path(get, path = "/v1/api-keys", tag = "keys", responses((status = 200, description = "The keys", body = ApiKeysBody)))]
async fn get(key: Key) -> Result<Response> {
    let principal = key.allow(Scope::Keys)?;
    let items = ApiKeyBody::all(&principal.tenant.state, |record| visible(&principal, record));
    Ok(json(StatusCode::OK, &ApiKeysBody { items, position: principal.tenant.position.0 }))
}

/// Make a key. Its text is shown in this answer and never again. A key can grant only scopes that it has itself, and a
/// test key makes only test keys. `Idempotency-Key` has no effect here: a repetition makes another key.
#[utoipa::path(post, path = "/v1/api-keys", tag = "keys", request_body = ApiKeyPost,
    responses(
        (status = 201, description = "Keep it safe", body = NewApiKeyBody),
        (status = 403, description = "`scope_not_grantable` or `mode_not_grantable`", body = Problem),
        (status = 409, description = "`too_many_api_keys`: there are 100", body = Problem),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<ApiKeyPost>,
) -> Result<Response> {
    let principal = key.allow(Scope::Keys)?;
    let new = body.value.read(principal.mode);
    check_grant(&principal, &new)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let created = app.engine.create_key(&principal.tenant.id, new, &context).await?;
    Ok(written(StatusCode::CREATED, &NewApiKeyBody::of(&created), created.position))
}

fn check_grant(principal: &Principal, new: &NewKey) -> Result<()> {
    if principal.mode == Mode::Test && new.mode == Mode::Live {
        return Err(Problem::forbidden("mode_not_grantable", "a test key makes test keys only; use a live key"));
    }
    match new.scopes.iter().find(|scope| !principal.scopes.contains(scope)) {
        None => Ok(()),
        Some(scope) => {
            let detail =
                format!("this key has not the scope {} itself, so it cannot grant it; name the scopes", scope.name());
            Err(Problem::forbidden("scope_not_grantable", detail))
        }
    }
}

/// Revoke a key; it is dead on every node within a second. A key may revoke itself.
#[utoipa::path(delete, path = "/v1/api-keys/{key}", tag = "keys", params(("key" = String, Path, description = "Id of the key")),
    responses((status = 204, description = "Dead"), (status = 404, description = "No such key", body = Problem)))]
async fn delete(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    KeyPath(id): KeyPath,
) -> Result<Response> {
    let principal = key.allow(Scope::Keys)?;
    // What this process does not know yet is left to the log.
    if principal.tenant.state.keys.get(&id).is_some_and(|record| !visible(&principal, record)) {
        return Err(missing());
    }
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    Ok(gone(app.engine.revoke_key(&principal.tenant.id, &id, &context).await?))
}

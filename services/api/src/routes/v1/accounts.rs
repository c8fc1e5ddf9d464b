use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::PanelId;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::Principal;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Body, Key, Origin, Problem, RequestId, Result, json, panel_id, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// An account's rules. An account without overrides of its own answers with empty ones, known or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBody {
    /// The panel's own id, in canonical form.
    pub account: String,
    /// What differs from the tenant's settings.
    #[schema(value_type = Object)]
    pub overrides: serde_json::Value,
    /// Every setting as it holds for the account's users.
    #[schema(value_type = Object)]
    pub effective: serde_json::Value,
    /// Position of the account's last change; 0 when there was none.
    pub position: u64,
}

/// New overrides; they replace the old ones.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPut {
    /// A partial settings document; an empty object for none.
    #[schema(value_type = Object)]
    pub overrides: serde_json::Value,
}

/// `{account}` of a path.
struct AccountPath(PanelId);

impl FromRequestParts<App> for AccountPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("malformed_path", "percent-encode the account id as UTF-8"))?;
        panel_id("account", &id).map(Self)
    }
}

fn body_of(app: &App, principal: &Principal, account: &PanelId) -> AccountBody {
    let id = app.engine.keyring().account_id(&principal.tenant.id, principal.mode, account);
    let directory = app.engine.directory();
    let tenant = directory.tenant(&principal.tenant.id).unwrap_or_else(|| principal.tenant.clone());
    let (known, position) = directory.account(&tenant.id, &id);
    AccountBody {
        account: account.as_str().to_owned(),
        overrides: known.overrides,
        effective: serde_json::to_value(&*directory.settings_for(&tenant, Some(&id))).unwrap_or_default(),
        position: position.0,
    }
}

/// An account's overrides and the settings that follow from them.
#[utoipa::path(get, path = "/v1/accounts/{account}", tag = "settings", params(("account" = String, Path, description = "The panel's own account id")),
    responses((status = 200, description = "The account", body = AccountBody)))]
async fn get(State(app): State<App>, key: Key, AccountPath(account): AccountPath) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    Ok(json(StatusCode::OK, &body_of(&app, &principal, &account)))
}

/// Set an account's overrides. Accepted when the tenant's settings with them laid over are valid as a whole.
#[utoipa::path(put, path = "/v1/accounts/{account}", tag = "settings", params(("account" = String, Path, description = "The panel's own account id")),
    request_body = AccountPut,
    responses(
        (status = 200, description = "The account as it is now", body = AccountBody),
        (status = 422, description = "`invalid_settings`: see `errors`", body = Problem),
    ))]
async fn put(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    AccountPath(account): AccountPath,
    body: Body<AccountPut>,
) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let (_, position) =
        app.engine.set_account(&principal.tenant.id, principal.mode, &account, &body.value.overrides, &context).await?;
    Ok(written(StatusCode::OK, &body_of(&app, &principal, &account), position))
}

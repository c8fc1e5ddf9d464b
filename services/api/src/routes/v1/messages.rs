use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use twofold_domain::messages;
use twofold_domain::tenant::Scope;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Key, Problem, QueryOf, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// Which language.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// Language tag, such as `en` or `de`. Default: the tenant's.
    #[serde(default)]
    locale: Option<String>,
}

/// The texts of a tenant in a language.
#[derive(Debug, Serialize, ToSchema)]
struct MessagesBody {
    /// Text by message id; buttons and headlines are the ids that begin with `action.`.
    messages: BTreeMap<&'static str, String>,
}

/// Every text that a login or profile page may show, by id: the tenant's own where it has one, else the built-in one.
#[utoipa::path(get, path = "/v1/messages", operation_id = "get_messages", tag = "login", params(MessagesQuery), responses(
    (status = 200, description = "The texts", body = MessagesBody),
    (status = 403, description = "The key lacks the scope", body = Problem),
))]
async fn get(State(_app): State<App>, key: Key, QueryOf(query): QueryOf<MessagesQuery>) -> Result<Json<MessagesBody>> {
    let principal = key.allow(Scope::Login)?;
    let settings = principal.tenant.settings();
    let locale = query.locale.map(|tag| tag.to_ascii_lowercase());
    let texts = messages::ids().map(|id| (id, messages::text(settings, locale.as_deref(), id).to_owned()));
    Ok(Json(MessagesBody { messages: texts.collect() }))
}

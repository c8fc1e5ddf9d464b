use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use twofold_domain::Timestamp;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Refusal;
use twofold_engine::{EngineError, fold_subject};
use twofold_event_log::Seq;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::StateBody;
use super::rules::{Moment, rules};
use crate::app::App;
use crate::http::{Key, Origin, Problem, QueryOf, RequestId, Result, UserPath, json};
use crate::unseal::Unsealer;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StateQuery {
    /// An RFC 3339 instant, or a position of the log (a number, such as an audit event's `position`). Default: now.
    #[param(example = "2027-01-31T12:00:00Z")]
    at: Option<String>,
}

/// A user as he was: replayed from the log up to an instant or a position, with the tenant's and account's rules of then.
/// Locks and remaining times are as of that instant; for a position, of its commit. Secrets are never in it; after
/// erasure nothing personal is either.
#[utoipa::path(get, path = "/v1/users/{user}/state", tag = "audit", params(("user" = String, Path, description = "The panel's own user id"), StateQuery),
    responses(
        (status = 200, description = "The state", body = StateBody),
        (status = 404, description = "No such user, or not yet at that time", body = Problem),
        (status = 422, description = "`at` is neither an instant nor a position", body = Problem),
    ))]
async fn get(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    QueryOf(query): QueryOf<StateQuery>,
) -> Result<Response> {
    let principal = key.allow(Scope::Audit)?;
    let at = query.at.as_deref().map(moment).transpose()?;
    let caller = Origin::default().caller(principal, &request_id, ActorKind::System)?;
    let whom = app.engine.user_ref(&caller, user);
    let (position, instant) = match at {
        Some(Moment::Position(position)) => (Some(position), None),
        Some(Moment::Instant(instant)) => (None, Some(instant)),
        None => (None, None),
    };
    let loaded = fold_subject(&**app.engine.log(), app.engine.keyring(), &whom.subject, position, instant).await?;
    let Some(head) = loaded.head else { return Err(EngineError::from(Refusal::UserNotFound).into()) };
    let as_of = match at {
        Some(Moment::Position(_)) => loaded.user.last_at,
        Some(Moment::Instant(instant)) => instant,
        None => app.engine.clock().now(),
    };
    let account =
        loaded.user.profile.as_ref().and_then(|profile| profile.account.as_ref()).map(|account| account.id.clone());
    let settings = rules(&app, &caller.tenant, account.as_ref(), at).await?;
    let unsealer = Unsealer::of_user(&app.engine, &caller.tenant.id, &whom.token).await?;
    Ok(json(StatusCode::OK, &StateBody::of(&loaded.user, &settings, &unsealer, as_of, head)))
}

/// Digits alone are a position: no RFC 3339 instant looks like that. A `+` that was sent unencoded arrives as a blank.
fn moment(text: &str) -> Result<Moment> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let position =
            text.parse().map_err(|_| Problem::invalid("at", "a position is at most 18446744073709551615"))?;
        return Ok(Moment::Position(Seq(position)));
    }
    let problem = || Problem::invalid("at", "an RFC 3339 instant such as 2027-01-31T12:00:00Z, or a position");
    Timestamp::parse_rfc3339(&text.replace(' ', "+")).map(Moment::Instant).ok_or_else(problem)
}

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Outcome;
use twofold_engine::{Answer as _, Ask, Rendered, Shown};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call::Call;
use crate::app::App;
use crate::body::{UserBody, UserPut};
use crate::http::{Key, Origin, Problem, Replied, RequestId, Result, UserPath, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(put, get, delete))
}

/// Tell of a user, or of changes. A field left out keeps its value; `null` clears it.
#[utoipa::path(put, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = UserPut,
    responses((status = 200, description = "The user as he is now", body = UserBody), (status = 422, description = "A field is not usable", body = Problem)))]
async fn put(call: Call<UserPath, UserPut>) -> Result<Replied> {
    let (mut errand, _, body) = call.start(Scope::Users)?;
    // A panel that names nobody acts itself.
    errand.default_actor = ActorKind::System;
    let profile = body.profile(errand.principal.tenant.settings())?;
    errand.run(&Ask::PutProfile(Box::new(profile)), UserBody::of).await
}

/// The user as he is now, from the log itself: whether 2FA is on, how, and what he may change.
#[utoipa::path(get, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path, description = "The panel's own user id")),
    responses((status = 200, description = "The user", body = UserBody), (status = 404, description = "No such user", body = Problem)))]
async fn get(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
) -> Result<Response> {
    let principal = key.allow(Scope::Login)?;
    let caller = Origin::default().caller(principal, &request_id, ActorKind::System)?;
    let whom = app.engine.user_ref(&caller, user);
    let (loaded, settings, key) = app.engine.user_state(&caller, &whom).await?;
    let rendered = Rendered {
        tenant: &caller.tenant.id,
        token: &whom.token,
        user: &loaded.user,
        outcome: &Outcome::Done,
        shown: &Shown::default(),
        settings: &settings,
        key: &key,
        now: app.engine.clock().now(),
    };
    let mut body = UserBody::of(&rendered);
    body.set_position(loaded.head.map_or(0, |seq| seq.0));
    Ok(json(StatusCode::OK, &body))
}

/// Erase a user: his key is destroyed, so that nothing personal of his in the log can be read any more. The audit trail
/// keeps what happened, without names, addresses and numbers. Cannot be undone.
#[utoipa::path(delete, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path, description = "The panel's own user id")),
    responses((status = 204, description = "Erased"), (status = 404, description = "No such user", body = Problem)))]
async fn delete(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
) -> Result<StatusCode> {
    let principal = key.allow(Scope::Users)?;
    let caller = Origin::default().caller(principal, &request_id, ActorKind::System)?;
    let whom = app.engine.user_ref(&caller, user);
    app.engine.erase(&caller, &whom).await?;
    Ok(StatusCode::NO_CONTENT)
}

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Outcome;
use twofold_engine::{Answer as _, Rendered, Shown};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ChallengePath, not_found, tell_delivery};
use crate::app::App;
use crate::body::ChallengeBody;
use crate::http::{Key, Origin, Problem, RequestId, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// An open challenge as it stands now. For a login page that waits for a code: `delivery` says how the message fares, and
/// what to offer when it could not be delivered. Changes nothing.
#[utoipa::path(get, path = "/v1/users/{user}/challenges/{challenge}", tag = "login",
    params(("user" = String, Path, description = "The panel's own user id"), ("challenge" = String, Path, description = "Id of the challenge")),
    responses((status = 200, description = "The challenge", body = ChallengeBody), (status = 404, description = "No such challenge, or it is over", body = Problem)))]
async fn get(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: ChallengePath,
) -> Result<Response> {
    let principal = key.allow(Scope::Login)?;
    let caller = Origin::default().caller(principal, &request_id, ActorKind::System)?;
    let whom = app.engine.user_ref(&caller, path.user);
    let (loaded, settings, key) = app.engine.user_state(&caller, &whom).await?;
    let now = app.engine.clock().now();
    let challenge = loaded.user.challenge(&path.challenge).ok_or_else(not_found)?;
    if challenge.closed.is_some() || challenge.expires_at <= loaded.user.monotone(now) {
        return Err(not_found());
    }
    let rendered = Rendered {
        tenant: &caller.tenant.id,
        token: &whom.token,
        user: &loaded.user,
        outcome: &Outcome::Done,
        shown: &Shown::default(),
        settings: &settings,
        key: &key,
        now,
    };
    let mut body = ChallengeBody::standing(&rendered, challenge);
    body.set_position(loaded.head.map_or(0, |seq| seq.0));
    tell_delivery(&app, &caller.tenant.id, &mut body).await;
    Ok(json(StatusCode::OK, &body))
}

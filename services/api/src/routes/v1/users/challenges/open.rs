use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Purpose;
use twofold_engine::{Ask, Reply};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ADVICE_WAIT, tell_delivery};
use crate::app::App;
use crate::body::{ChallengeBody, ChallengeRequest, HasOrigin as _};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// After the password: what must the login page show? Also opens the step-up before a sensitive change (`purpose: reauth`).
/// For e-mail and SMS the code is on its way with this call; a page reloaded within the resend interval gets the same challenge.
#[utoipa::path(post, path = "/v1/users/{user}/challenges", tag = "login", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = ChallengeRequest,
    responses(
        (status = 200, description = "Nothing to answer: see `login_allowed`", body = ChallengeBody),
        (status = 201, description = "A challenge to be answered", body = ChallengeBody),
        (status = 404, description = "No such user", body = Problem),
        (status = 429, description = "`resend_too_soon`, `destination_limit`, `user_limit`, `tenant_budget`, `prefix_limit`, `destination_suppressed`, `country_not_allowed`, `prefix_stopped`", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    idempotency: IdempotencyHeader,
    mut body: Body<ChallengeRequest>,
) -> Result<Response> {
    let principal = key.allow(Scope::Login)?;
    let caller = body.value.origin().caller(principal, &request_id, ActorKind::User)?;
    let whom = app.engine.user_ref(&caller, user);
    let purpose = Purpose::from(body.value.purpose);
    let ask =
        Ask::OpenChallenge { purpose, method: body.value.method.map(Into::into), destination: body.value.destination };
    let idempotency = idempotency.with(&body.raw);
    let mut result = app
        .engine
        .run(&caller, &whom, &ask, idempotency.as_ref(), |rendered| ChallengeBody::of(rendered, purpose))
        .await;
    if let Ok(Reply::Fresh(body)) = &mut result {
        drop_absent_admins(&app, &caller, &whom, body).await;
        // Of a code made just now there is nothing to know yet.
        if body.delivery.is_none() {
            tell_delivery(&app, &caller.tenant.id, body).await;
        }
    }
    Ok(Replied::from(result, app.engine.clock().now()).into_response())
}

/// "Ask another administrator of the same account; if none is left, support" (S2-14). Advice, not authority: when the
/// read model cannot say, or not at once, the way stays listed. A login never waits for a database that is away.
async fn drop_absent_admins(
    app: &App,
    caller: &twofold_engine::Caller,
    whom: &twofold_engine::UserRef,
    body: &mut ChallengeBody,
) {
    let Some(account) = body.account.clone().filter(|_| body.recovery.iter().any(|way| way.path == "account_admin"))
    else {
        return;
    };
    let asked = app.store.count_admins(&caller.tenant.id, &account, &whom.token);
    if let Ok(Ok(0)) = tokio::time::timeout(ADVICE_WAIT, asked).await {
        body.recovery.retain(|way| way.path != "account_admin");
    }
}

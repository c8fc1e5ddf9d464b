use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::{Purpose, Target};
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Errand;
use crate::app::App;
use crate::body::{VerifiedBody, VerifyAnswer, VerifyRequest};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Is this code right for this user, now? In one shot, for authenticator and recovery codes.
#[utoipa::path(post, path = "/v1/users/{user}/verify", tag = "login", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "Right, and spent", body = VerifiedBody),
        (status = 409, description = "Nothing is set up (`setup_required`)", body = Problem),
        (status = 422, description = "Not accepted: `wrong_code`, `already_used`, `expired`, `malformed_code`", body = Problem),
        (status = 429, description = "`locked`: nothing was evaluated; see retry_after", body = Problem),
        (status = 503, description = "Not decided; try again", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    idempotency: IdempotencyHeader,
    mut body: Body<VerifyRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Login)?;
    let origin = body.value.origin();
    let ask = Ask::Verify {
        target: Target::Direct,
        kind: body.value.method.map(Into::into),
        code: Typed::new(body.value.code),
    };
    let idempotency = idempotency.with(&body.raw);
    let errand = Errand {
        app: &app,
        principal,
        request_id: &request_id,
        user,
        origin,
        default_actor: ActorKind::User,
        idempotency,
    };
    errand
        .run(&ask, |rendered| {
            let answer = VerifyAnswer::of(rendered, Purpose::Login, &request_id.0);
            app.metrics.judged(matches!(answer, VerifyAnswer::Verified(_)));
            answer
        })
        .await
}

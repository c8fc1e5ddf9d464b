use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::{Purpose, Target};
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Errand;
use super::ChallengePath;
use crate::app::App;
use crate::body::{VerifiedBody, VerifyAnswer, VerifyRequest};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Answer a challenge. In a set-up challenge the right code both enrols and completes the login (S2-09).
#[utoipa::path(post, path = "/v1/users/{user}/challenges/{challenge}/verify", tag = "login",
    params(("user" = String, Path, description = "The panel's own user id"), ("challenge" = String, Path, description = "Id of the challenge")),
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "Right, and spent: let the user in", body = VerifiedBody),
        (status = 404, description = "No such challenge", body = Problem),
        (status = 422, description = "Not accepted: `wrong_code`, `already_used`, `expired`, `malformed_code`", body = Problem),
        (status = 429, description = "`locked`: nothing was evaluated; see retry_after", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: ChallengePath,
    idempotency: IdempotencyHeader,
    mut body: Body<VerifyRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Login)?;
    let challenge = path.challenge.clone();
    let origin = body.value.origin();
    let ask = Ask::Verify {
        target: Target::Challenge(path.challenge),
        kind: body.value.method.map(Into::into),
        code: Typed::new(body.value.code),
    };
    let idempotency = idempotency.with(&body.raw);
    let errand = Errand {
        app: &app,
        principal,
        request_id: &request_id,
        user: path.user,
        origin,
        default_actor: ActorKind::User,
        idempotency,
    };
    errand
        .run(&ask, |rendered| {
            // A challenge opened to confirm a change says so: it lets nobody in.
            let purpose = rendered.user.challenge(&challenge).map_or(Purpose::Reauth, |c| c.purpose);
            let answer = VerifyAnswer::of(rendered, purpose, &request_id.0);
            app.metrics.judged(matches!(answer, VerifyAnswer::Verified(_)));
            answer
        })
        .await
}

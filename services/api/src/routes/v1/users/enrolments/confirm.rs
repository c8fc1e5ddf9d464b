use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Purpose;
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Errand;
use super::EnrolmentPath;
use crate::app::App;
use crate::body::{CodeRequest, VerifiedBody, VerifyAnswer};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Prove the new factor. From now on it is asked for; recovery codes, where the tenant has them, are in this answer.
#[utoipa::path(post, path = "/v1/users/{user}/enrolments/{enrolment}/confirm", tag = "enrolment",
    params(("user" = String, Path, description = "The panel's own user id"), ("enrolment" = String, Path, description = "Id of the enrolment")),
    request_body = CodeRequest,
    responses(
        (status = 200, description = "Active", body = VerifiedBody),
        (status = 404, description = "No such unfinished enrolment", body = Problem),
        (status = 422, description = "Not accepted", body = Problem),
        (status = 429, description = "`locked`", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: EnrolmentPath,
    idempotency: IdempotencyHeader,
    mut body: Body<CodeRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Login)?;
    let origin = body.value.origin();
    let ask = Ask::ConfirmEnrolment(path.enrolment, Typed::new(body.value.code));
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
            let answer = VerifyAnswer::of(rendered, Purpose::Enrolment, &request_id.0);
            app.metrics.judged(matches!(answer, VerifyAnswer::Verified(_)));
            answer
        })
        .await
}

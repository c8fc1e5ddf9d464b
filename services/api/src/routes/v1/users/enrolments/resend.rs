use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Errand;
use super::{EnrolmentPath, StartAnswer};
use crate::app::App;
use crate::body::{ActionRequest, EnrolmentBody};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Send a new set-up code; the old one is dead (C23).
#[utoipa::path(post, path = "/v1/users/{user}/enrolments/{enrolment}/resend", tag = "enrolment",
    params(("user" = String, Path, description = "The panel's own user id"), ("enrolment" = String, Path, description = "Id of the enrolment")),
    request_body = ActionRequest,
    responses((status = 201, description = "On its way", body = EnrolmentBody), (status = 429, description = "`resend_too_soon`", body = Problem)))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: EnrolmentPath,
    idempotency: IdempotencyHeader,
    mut body: Body<ActionRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Login)?;
    let origin = body.value.origin();
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
    errand.run(&Ask::ResendEnrolmentCode(path.enrolment), |rendered| StartAnswer::of(rendered, &request_id.0)).await
}

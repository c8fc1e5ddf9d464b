use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Errand;
use super::StartAnswer;
use crate::app::App;
use crate::body::{EnrolmentBody, EnrolmentRequest};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Begin set-up from the profile page. The secret of an authenticator is shown in this answer and never again.
#[utoipa::path(post, path = "/v1/users/{user}/enrolments", tag = "enrolment", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = EnrolmentRequest,
    responses(
        (status = 201, description = "Show it, then confirm", body = EnrolmentBody),
        (status = 403, description = "Not permitted, or `reauthentication_required`", body = Problem),
        (status = 409, description = "`disable_first`, `channel_not_configured`, `destination_not_registered`, `enrol_at_login`, `policy_off`", body = Problem),
        (status = 429, description = "`resend_too_soon`", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    idempotency: IdempotencyHeader,
    mut body: Body<EnrolmentRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Login)?;
    let origin = body.value.origin();
    let ask = Ask::StartEnrolment {
        method: body.value.method.into(),
        destination: body.value.destination,
        reauth: body.value.reauth.read()?,
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
    errand.run(&ask, |rendered| StartAnswer::of(rendered, &request_id.0)).await
}

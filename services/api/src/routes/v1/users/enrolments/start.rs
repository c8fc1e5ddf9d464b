use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::StartAnswer;
use crate::app::App;
use crate::body::{EnrolmentBody, EnrolmentRequest};
use crate::http::{Problem, Replied, Result, UserPath};

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
        (status = 429, description = "`resend_too_soon`, `destination_limit`, `user_limit`, `tenant_budget`, `prefix_limit`, `destination_suppressed`, `country_not_allowed`, `prefix_stopped`", body = Problem),
    ))]
async fn post(call: Call<UserPath, EnrolmentRequest>) -> Result<Replied> {
    let (errand, _, body) = call.start(Scope::Login)?;
    let ask =
        Ask::StartEnrolment { method: body.method.into(), destination: body.destination, reauth: body.reauth.read()? };
    let id = errand.request_id.0.clone();
    errand.run(&ask, |rendered| StartAnswer::of(rendered, &id)).await
}

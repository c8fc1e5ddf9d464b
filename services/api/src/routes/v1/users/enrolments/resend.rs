use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::{EnrolmentPath, StartAnswer};
use crate::app::App;
use crate::body::{ActionRequest, EnrolmentBody};
use crate::http::{Problem, Replied, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Send a new set-up code; the old one is dead (C23).
#[utoipa::path(post, path = "/v1/users/{user}/enrolments/{enrolment}/resend", tag = "enrolment",
    params(("user" = String, Path, description = "The panel's own user id"), ("enrolment" = String, Path, description = "Id of the enrolment")),
    request_body = ActionRequest,
    responses((status = 201, description = "On its way", body = EnrolmentBody), (status = 429, description = "`resend_too_soon`, `destination_limit`, `user_limit`, `tenant_budget`, `prefix_limit`, `destination_suppressed`, `country_not_allowed`, `prefix_stopped`", body = Problem)))]
async fn post(call: Call<EnrolmentPath, ActionRequest>) -> Result<Replied> {
    let (errand, path, _) = call.start(Scope::Login)?;
    let id = errand.request_id.0.clone();
    errand.run(&Ask::ResendEnrolmentCode(path.enrolment), |rendered| StartAnswer::of(rendered, &id)).await
}

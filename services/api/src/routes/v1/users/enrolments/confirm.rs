use twofold_domain::tenant::Scope;
use twofold_domain::user::Purpose;
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::EnrolmentPath;
use crate::app::App;
use crate::body::{CodeRequest, VerifiedBody};
use crate::http::{Problem, Replied, Result};

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
async fn post(call: Call<EnrolmentPath, CodeRequest>) -> Result<Replied> {
    let (errand, path, body) = call.start(Scope::Login)?;
    errand.judge(&Ask::ConfirmEnrolment(path.enrolment, Typed::new(body.code)), |_| Purpose::Enrolment).await
}

use twofold_domain::tenant::Scope;
use twofold_domain::user::{Purpose, Target};
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call::Call;
use crate::app::App;
use crate::body::{VerifiedBody, VerifyRequest};
use crate::http::{Problem, Replied, Result, UserPath};

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
async fn post(call: Call<UserPath, VerifyRequest>) -> Result<Replied> {
    let (errand, _, body) = call.start(Scope::Login)?;
    let ask = Ask::Verify { target: Target::Direct, kind: body.method.map(Into::into), code: Typed::new(body.code) };
    errand.judge(&ask, |_| Purpose::Login).await
}

use twofold_domain::tenant::Scope;
use twofold_domain::user::{Purpose, Target};
use twofold_engine::{Ask, Typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::ChallengePath;
use crate::app::App;
use crate::body::{VerifiedBody, VerifyRequest};
use crate::http::{Problem, Replied, Result};

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
async fn post(call: Call<ChallengePath, VerifyRequest>) -> Result<Replied> {
    let (errand, path, body) = call.start(Scope::Login)?;
    let target = Target::Challenge(path.challenge.clone());
    let ask = Ask::Verify { target, kind: body.method.map(Into::into), code: Typed::new(body.code) };
    // A challenge opened to confirm a change says so: it lets nobody in.
    errand.judge(&ask, |rendered| rendered.user.challenge(&path.challenge).map_or(Purpose::Reauth, |c| c.purpose)).await
}

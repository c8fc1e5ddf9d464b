use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::ChallengePath;
use crate::app::App;
use crate::body::{ActionRequest, ChallengeBody};
use crate::http::{Problem, Replied, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Send a new code; the old one is dead (C23).
#[utoipa::path(post, path = "/v1/users/{user}/challenges/{challenge}/resend", tag = "login",
    params(("user" = String, Path, description = "The panel's own user id"), ("challenge" = String, Path, description = "Id of the challenge")),
    request_body = ActionRequest,
    responses((status = 201, description = "On its way", body = ChallengeBody), (status = 429, description = "`resend_too_soon`, `destination_limit`, `user_limit`, `tenant_budget`, `prefix_limit`, `destination_suppressed`, `country_not_allowed`, `prefix_stopped` or `locked`", body = Problem)))]
async fn post(call: Call<ChallengePath, ActionRequest>) -> Result<Replied> {
    let (errand, path, _) = call.start(Scope::Login)?;
    let ask = Ask::ResendChallengeCode(path.challenge.clone());
    errand.run(&ask, |rendered| ChallengeBody::resent(rendered, &path.challenge)).await
}

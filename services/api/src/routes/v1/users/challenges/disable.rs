use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::call::Call;
use super::super::done;
use super::ChallengePath;
use crate::app::App;
use crate::body::{ActionRequest, DoneBody};
use crate::http::{Problem, Replied, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// "Disable 2FA" on a login page that asks for set-up: switches it off and completes the login (S2-13).
#[utoipa::path(post, path = "/v1/users/{user}/challenges/{challenge}/disable", tag = "login",
    params(("user" = String, Path, description = "The panel's own user id"), ("challenge" = String, Path, description = "Id of the challenge")),
    request_body = ActionRequest,
    responses((status = 200, description = "Off; let the user in", body = DoneBody), (status = 403, description = "Not for this user, or something is configured", body = Problem)))]
async fn post(call: Call<ChallengePath, ActionRequest>) -> Result<Replied> {
    let (errand, path, _) = call.start(Scope::Login)?;
    let ask = Ask::DisableAtLogin(path.challenge);
    errand.run(&ask, |rendered| DoneBody { login_allowed: Some(true), ..done(rendered, "disabled") }).await
}

use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::action;
use super::call::Call;
use crate::app::App;
use crate::body::{ActionRequest, DoneBody};
use crate::http::{Problem, Replied, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Remove every factor. "Use 2FA" stays as it is, so the next login asks for set-up again (S2-15, S2-16).
#[utoipa::path(post, path = "/v1/users/{user}/reset", tag = "changes", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = ActionRequest,
    responses(
        (status = 200, description = "Done", body = DoneBody),
        (status = 403, description = "Not permitted, or `reauthentication_required`", body = Problem),
        (status = 409, description = "`not_enabled` or `policy_required`", body = Problem),
        (status = 422, description = "The re-authentication code was not accepted", body = Problem),
    ))]
async fn post(call: Call<UserPath, ActionRequest>) -> Result<Replied> {
    action(call, Ask::Reset, "reset").await
}

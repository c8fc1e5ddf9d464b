use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call::Call;
use super::done;
use crate::app::App;
use crate::body::{DoneBody, UnlockRequest};
use crate::http::{Problem, Replied, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Lift a lock, the hard stop included. For administrators of the account, support and the panel.
#[utoipa::path(post, path = "/v1/users/{user}/unlock", tag = "changes", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = UnlockRequest,
    responses((status = 200, description = "Lifted", body = DoneBody), (status = 403, description = "Not permitted", body = Problem)))]
async fn post(call: Call<UserPath, UnlockRequest>) -> Result<Replied> {
    let (errand, _, body) = call.start(Scope::Users)?;
    errand.run(&Ask::Unlock(body.factor.map(Into::into)), |rendered| done(rendered, "unlocked")).await
}

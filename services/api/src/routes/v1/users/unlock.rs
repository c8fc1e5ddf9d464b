use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Errand, done};
use crate::app::App;
use crate::body::{DoneBody, UnlockRequest};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Lift a lock, the hard stop included. For administrators of the account, support and the panel.
#[utoipa::path(post, path = "/v1/users/{user}/unlock", tag = "changes", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = UnlockRequest,
    responses((status = 200, description = "Lifted", body = DoneBody), (status = 403, description = "Not permitted", body = Problem)))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    idempotency: IdempotencyHeader,
    mut body: Body<UnlockRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Users)?;
    let origin = body.value.origin();
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
    errand.run(&Ask::Unlock(body.value.factor.map(Into::into)), |rendered| done(rendered, "unlocked")).await
}

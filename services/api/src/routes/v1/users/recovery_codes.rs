use axum::Extension;
use axum::extract::State;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Outcome;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ActionAnswer, Errand};
use crate::app::App;
use crate::body::{ActionRequest, DoneBody};
use crate::http::{Body, IdempotencyHeader, Key, Problem, Replied, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Make new recovery codes; the old ones are no longer valid, 2FA stays on (S1-06). The codes are shown only now.
#[utoipa::path(post, path = "/v1/users/{user}/recovery-codes", tag = "changes", params(("user" = String, Path, description = "The panel's own user id")),
    request_body = ActionRequest,
    responses(
        (status = 200, description = "Show them to the user", body = DoneBody),
        (status = 403, description = "Not permitted, or `reauthentication_required`", body = Problem),
        (status = 409, description = "`not_enabled` or `no_recovery_codes`", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    idempotency: IdempotencyHeader,
    mut body: Body<ActionRequest>,
) -> Result<Replied> {
    let principal = key.allow(Scope::Users)?;
    let origin = body.value.origin();
    let ask = Ask::RegenerateRecoveryCodes(body.value.reauth.read()?);
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
    errand
        .run(&ask, |rendered| {
            let mut answer = ActionAnswer::of(rendered, &request_id.0, "recovery.regenerated");
            if let (ActionAnswer::Done(body), Outcome::Done) = (&mut answer, rendered.outcome) {
                body.recovery_codes = rendered.shown.recovery.iter().map(|code| code.expose().to_owned()).collect();
            }
            answer
        })
        .await
}

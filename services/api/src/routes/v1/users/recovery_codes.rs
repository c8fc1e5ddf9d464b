use twofold_domain::tenant::Scope;
use twofold_domain::user::Outcome;
use twofold_engine::Ask;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ActionAnswer;
use super::call::Call;
use crate::app::App;
use crate::body::{ActionRequest, DoneBody};
use crate::http::{Problem, Replied, Result, UserPath};

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
async fn post(call: Call<UserPath, ActionRequest>) -> Result<Replied> {
    let (errand, _, body) = call.start(Scope::Users)?;
    let ask = Ask::RegenerateRecoveryCodes(body.reauth.read()?);
    let id = errand.request_id.0.clone();
    let render = |rendered: &twofold_engine::Rendered<'_>| {
        let mut answer = ActionAnswer::of(rendered, &id, "recovery.regenerated");
        if let (ActionAnswer::Done(body), Outcome::Done) = (&mut answer, rendered.outcome) {
            body.recovery_codes = rendered.shown.recovery.iter().map(|code| code.expose().to_owned()).collect();
        }
        answer
    };
    errand.run(&ask, render).await
}

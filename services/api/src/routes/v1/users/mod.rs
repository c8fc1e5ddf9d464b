//! `/v1/users/{user}/…`

mod audit;
mod authenticator_reset;
mod call;
mod challenges;
mod disable;
mod enrolments;
mod recovery_codes;
mod reset;
mod state;
mod unlock;
mod user;
mod verify;

use twofold_domain::tenant::Scope;
use twofold_domain::user::Purpose;
use twofold_engine::{Answer, Ask, Rendered};
use utoipa_axum::router::OpenApiRouter;

use self::call::Call;
use crate::app::App;
use crate::body::{ActionRequest, DoneBody, UserStatus, text};
use crate::http::{Problem, Replied, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(user::routes())
        .merge(verify::routes())
        .merge(challenges::routes())
        .merge(enrolments::routes())
        .merge(authenticator_reset::routes())
        .merge(reset::routes())
        .merge(disable::routes())
        .merge(recovery_codes::routes())
        .merge(unlock::routes())
        .merge(audit::routes())
        .merge(state::routes())
}

/// Reset, disable and their like: a rejected re-authentication code answers as a verification does.
async fn action(
    call: Call<UserPath, ActionRequest>,
    ask: impl FnOnce(twofold_engine::ReauthInput) -> Ask,
    message: &'static str,
) -> Result<Replied, Problem> {
    let (errand, _, body) = call.start(Scope::Users)?;
    let ask = ask(body.reauth.read()?);
    let id = errand.request_id.0.clone();
    errand.run(&ask, |rendered| ActionAnswer::of(rendered, &id, message)).await
}

/// Done, or the re-authentication code was not accepted.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum ActionAnswer {
    Done(DoneBody),
    Rejected(crate::body::VerifyAnswer),
}

impl ActionAnswer {
    fn of(rendered: &Rendered<'_>, request_id: &str, message: &str) -> Self {
        if matches!(rendered.outcome, twofold_domain::user::Outcome::Rejected { .. }) {
            return Self::Rejected(crate::body::VerifyAnswer::of(rendered, Purpose::Reauth, request_id));
        }
        Self::Done(done(rendered, message))
    }
}

fn done(rendered: &Rendered<'_>, message: &str) -> DoneBody {
    DoneBody {
        message: text(rendered, message),
        status: UserStatus::of(rendered.user, rendered.settings).name(),
        login_allowed: None,
        recovery_codes: Vec::new(),
        position: 0,
    }
}

impl Answer for ActionAnswer {
    fn status(&self) -> u16 {
        match self {
            Self::Done(body) => body.status(),
            Self::Rejected(body) => body.status(),
        }
    }

    fn strip_shown_once(&mut self) {
        if let Self::Done(body) = self {
            body.strip_shown_once();
        }
    }

    fn set_position(&mut self, position: u64) {
        match self {
            Self::Done(body) => body.set_position(position),
            Self::Rejected(body) => body.set_position(position),
        }
    }
}

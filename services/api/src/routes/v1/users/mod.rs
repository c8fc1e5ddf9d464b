//! `/v1/users/{user}/…`

mod audit;
mod authenticator_reset;
mod challenges;
mod disable;
mod enrolments;
mod recovery_codes;
mod reset;
mod state;
mod unlock;
mod user;
mod verify;

use twofold_domain::PanelId;
use twofold_domain::actor::ActorKind;
use twofold_domain::user::Purpose;
use twofold_engine::{Answer, Ask, Idempotency, Principal, Rendered};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::body::{ActionRequest, DoneBody, UserStatus, text};
use crate::http::{Body, IdempotencyHeader, Key, Origin, Problem, Replied, RequestId};

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

/// A request about one user, as far as all routes share it.
struct Errand<'a> {
    app: &'a App,
    principal: Principal,
    request_id: &'a RequestId,
    user: PanelId,
    origin: Origin,
    /// The actor when the body names none.
    default_actor: ActorKind,
    idempotency: Option<Idempotency>,
}

impl Errand<'_> {
    async fn run<A: Answer>(self, ask: &Ask, render: impl Fn(&Rendered<'_>) -> A) -> Result<Replied, Problem> {
        let engine = &self.app.engine;
        let caller = self.origin.caller(self.principal, self.request_id, self.default_actor)?;
        let whom = engine.user_ref(&caller, self.user);
        let result = engine.run(&caller, &whom, ask, self.idempotency.as_ref(), render).await;
        Ok(Replied::from(result, engine.clock().now()))
    }
}

/// The pieces every changing route takes from a request.
struct Parts {
    app: App,
    key: Key,
    request_id: RequestId,
    user: PanelId,
    idempotency: IdempotencyHeader,
}

/// Reset, disable and their like: a rejected re-authentication code answers as a verification does.
async fn action(
    parts: Parts,
    mut body: Body<ActionRequest>,
    ask: impl FnOnce(twofold_engine::ReauthInput) -> Ask,
    message: &'static str,
) -> Result<Replied, Problem> {
    let principal = parts.key.allow(twofold_domain::tenant::Scope::Users)?;
    let origin = body.value.origin();
    let ask = ask(body.value.reauth.read()?);
    let errand = Errand {
        app: &parts.app,
        principal,
        request_id: &parts.request_id,
        user: parts.user,
        origin,
        default_actor: ActorKind::User,
        idempotency: parts.idempotency.with(&body.raw),
    };
    let id = parts.request_id.0.clone();
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

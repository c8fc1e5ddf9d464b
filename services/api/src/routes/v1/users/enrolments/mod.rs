//! `/v1/users/{user}/enrolments/…`

mod confirm;
mod resend;
mod start;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;
use twofold_domain::user::Purpose;
use twofold_domain::{EnrolmentId, PanelId};
use twofold_engine::{Answer, Rendered};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::body::{EnrolmentBody, VerifyAnswer};
use crate::http::{Problem, panel_id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(start::routes()).merge(confirm::routes()).merge(resend::routes())
}

/// `{user}` and `{enrolment}` of a path.
struct EnrolmentPath {
    user: PanelId,
    enrolment: EnrolmentId,
}

impl super::call::OfUser for EnrolmentPath {
    fn user(&self) -> &PanelId {
        &self.user
    }
}

#[derive(Deserialize)]
struct Raw {
    user: String,
    enrolment: String,
}

impl FromRequestParts<App> for EnrolmentPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(raw) = Path::<Raw>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("malformed_path", "percent-encode the user id as UTF-8"))?;
        let missing = |_| Problem::not_found("enrolment_not_found", "no such unfinished enrolment; start again");
        Ok(Self { user: panel_id("user", &raw.user)?, enrolment: EnrolmentId::parse(&raw.enrolment).map_err(missing)? })
    }
}

/// The set-up, or a re-authentication code that was not accepted.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum StartAnswer {
    Started(Box<EnrolmentBody>),
    Rejected(VerifyAnswer),
}

impl StartAnswer {
    fn of(rendered: &Rendered<'_>, request_id: &str) -> Self {
        match (&rendered.user.enrolment, rendered.outcome) {
            (_, twofold_domain::user::Outcome::Rejected { .. }) | (None, _) => {
                Self::Rejected(VerifyAnswer::of(rendered, Purpose::Reauth, request_id))
            }
            (Some(pending), _) => Self::Started(Box::new(EnrolmentBody::of(rendered, pending))),
        }
    }
}

impl Answer for StartAnswer {
    fn status(&self) -> u16 {
        match self {
            Self::Started(body) => body.status(),
            Self::Rejected(body) => body.status(),
        }
    }

    fn strip_shown_once(&mut self) {
        match self {
            Self::Started(body) => body.strip_shown_once(),
            Self::Rejected(body) => body.strip_shown_once(),
        }
    }

    fn set_position(&mut self, position: u64) {
        match self {
            Self::Started(body) => body.set_position(position),
            Self::Rejected(body) => body.set_position(position),
        }
    }
}

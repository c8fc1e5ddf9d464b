//! `/v1/users/{user}/challenges/…`

mod disable;
mod open;
mod resend;
mod verify;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;
use twofold_domain::{ChallengeId, PanelId};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::{Problem, panel_id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(open::routes()).merge(verify::routes()).merge(resend::routes()).merge(disable::routes())
}

/// `{user}` and `{challenge}` of a path.
struct ChallengePath {
    user: PanelId,
    challenge: ChallengeId,
}

impl super::call::OfUser for ChallengePath {
    fn user(&self) -> &PanelId {
        &self.user
    }
}

#[derive(Deserialize)]
struct Raw {
    user: String,
    challenge: String,
}

impl FromRequestParts<App> for ChallengePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(raw) = Path::<Raw>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("malformed_path", "percent-encode the user id as UTF-8"))?;
        // A text that is no id answers like an id that is unknown or foreign (invariant 4).
        let challenge = ChallengeId::parse(&raw.challenge)
            .map_err(|_| Problem::not_found("challenge_not_found", "no such challenge; open a new one"))?;
        Ok(Self { user: panel_id("user", &raw.user)?, challenge })
    }
}

//! `/v1/users/{user}/challenges/…`

mod disable;
mod get;
mod open;
mod resend;
mod verify;

use std::time::Duration;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;
use tokio::time::timeout;
use twofold_domain::{ChallengeId, PanelId, TenantId};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::body::ChallengeBody;
use crate::http::{Problem, panel_id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(open::routes())
        .merge(get::routes())
        .merge(verify::routes())
        .merge(resend::routes())
        .merge(disable::routes())
}

/// Longest wait for advice.
const ADVICE_WAIT: Duration = Duration::from_millis(200);

/// Adds how the message with the code fares, as its ledger says. Advice, not authority: left out when the log does not say
/// at once.
async fn tell_delivery(app: &App, tenant: &TenantId, body: &mut ChallengeBody) {
    let Some(sent) = &body.sent else { return };
    let asked = app.engine.message_standing(tenant, sent.channel, &sent.message);
    if let Ok(Ok(standing)) = timeout(ADVICE_WAIT, asked).await {
        body.delivery = Some(sent.tell(standing));
    }
}

fn not_found() -> Problem {
    Problem::not_found("challenge_not_found", "no such challenge; open a new one")
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
        let challenge = ChallengeId::parse(&raw.challenge).map_err(|_| not_found())?;
        Ok(Self { user: panel_id("user", &raw.user)?, challenge })
    }
}

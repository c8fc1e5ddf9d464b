//! How the message with a challenge's code fares, so that a login page can say "could not be delivered, try another way".

use serde::Serialize;
use twofold_domain::user::{Challenge, EnrolmentDetail, IssuedCode};
use twofold_domain::{Channel, MessageId, Method};
use twofold_engine::{MessageStanding, Rendered};
use utoipa::ToSchema;

use super::text;

/// How the message with the code fares.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeDelivery {
    /// `pending` (not handed over yet), `sent` (a provider took it), `delivered` (the provider says so) or `failed`.
    pub status: &'static str,
    /// The text to show, in the user's language.
    pub message: String,
    /// After `failed`: the user's other ways, as `method` of another challenge; `recovery_code` goes with this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_with: Vec<&'static str>,
}

/// A code's message, and what is to be said of it. The texts are ready, because the route that asks the ledger does not know
/// the user's language.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: MessageId,
    /// How it goes out.
    pub channel: Channel,
    /// It is on its way with this very answer, so there is nothing to ask yet.
    pub just_now: bool,
    texts: [(MessageStanding, String); 4],
    others: Vec<&'static str>,
}

impl Sent {
    /// Of a challenge's outstanding code, or of the set-up inside; none for an authenticator app.
    pub fn of(rendered: &Rendered<'_>, challenge: &Challenge, recovery_code_allowed: bool) -> Option<Self> {
        let (code, mut others) = match (challenge.code.as_deref(), &challenge.setup) {
            (Some(code), _) => (code, other_factors(rendered, code)),
            (None, Some(setup)) => {
                let pending = rendered.user.enrolment.as_ref().filter(|pending| pending.id == *setup)?;
                let EnrolmentDetail::Code { code, .. } = &pending.detail else { return None };
                (code, other_methods(rendered, code))
            }
            (None, None) => return None,
        };
        if recovery_code_allowed {
            others.push("recovery_code");
        }
        let failed = if others.is_empty() { "delivery.failed" } else { "delivery.failed_try_other" };
        let texts = [
            (MessageStanding::Pending, text(rendered, "delivery.pending")),
            (MessageStanding::Sent, text(rendered, "delivery.sent")),
            (MessageStanding::Delivered, text(rendered, "delivery.delivered")),
            (MessageStanding::Failed, text(rendered, failed)),
        ];
        let channel = code.method.channel()?;
        Some(Self { message: code.message.clone(), channel, just_now: code.issued_at >= rendered.now, texts, others })
    }

    /// What to say of a message that stands like this.
    pub fn tell(&self, standing: MessageStanding) -> ChallengeDelivery {
        let text = self.texts.iter().find(|(known, _)| *known == standing).map(|(_, text)| text.clone());
        let retry_with = if standing == MessageStanding::Failed { self.others.clone() } else { Vec::new() };
        ChallengeDelivery { status: standing.name(), message: text.unwrap_or_default(), retry_with }
    }
}

fn other_factors(rendered: &Rendered<'_>, code: &IssuedCode) -> Vec<&'static str> {
    let active = rendered.user.active_factors(rendered.settings).iter().map(twofold_domain::user::Factor::method);
    active.filter(|method| *method != code.method).map(Method::name).collect()
}

fn other_methods(rendered: &Rendered<'_>, code: &IssuedCode) -> Vec<&'static str> {
    let allowed = rendered.settings.methods.allowed.iter().copied();
    allowed.filter(|method| *method != code.method).map(Method::name).collect()
}

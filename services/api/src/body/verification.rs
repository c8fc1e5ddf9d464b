//! The answer to a code. Success is 200; everything else is a problem with another status, so that a client that looks
//! only at the status fails closed.

use serde::Serialize;
use twofold_domain::user::{FailureReason, Outcome, Proof, Purpose};
use twofold_domain::{FactorKind, Method, Timestamp};
use twofold_engine::{Answer, Rendered};
use utoipa::ToSchema;

use super::{instant, text};

/// The code was right.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedBody {
    /// Always true.
    pub verified: bool,
    /// What it was asked for: `login`, `reauth` or `enrolment`. Only `login` lets anybody in.
    pub purpose: &'static str,
    /// How: `totp`, `email`, `sms` or `recovery_code`.
    pub method: &'static str,
    /// The code completed a set-up as well (S2-09).
    pub enrolled: bool,
    /// The text to show, in the user's language.
    pub message: String,
    /// A new set of recovery codes. Shown only now (S0-06).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
    /// What to do with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_message: Option<String>,
    /// Recovery codes not yet used.
    pub recovery_codes_left: usize,
    /// Position of the write.
    pub position: u64,
}

/// A hint that is the same for every wrong code and so tells an attacker nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hint {
    /// `check_device_time` (S2-12).
    pub code: &'static str,
    /// The text to show.
    pub text: String,
}

/// The code was not accepted: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedBody {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(rename = "status")]
    http_status: u16,
    /// `wrong_code`, `expired` or `already_used`.
    code: &'static str,
    /// The text to show, in the user's language.
    detail: String,
    /// The same as `detail`: the text to show.
    message: String,
    request_id: String,
    /// Always false.
    verified: bool,
    /// The same as `code`.
    reason: &'static str,
    /// Whose attempt it was.
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    /// Seconds, when this attempt led to a lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<String>,
    /// This attempt led to a lock.
    locked: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<Hint>,
    position: u64,
}

/// Either.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum VerifyAnswer {
    /// Right.
    Verified(Box<VerifiedBody>),
    /// Not accepted.
    Rejected(Box<RejectedBody>),
}

impl VerifyAnswer {
    /// From an outcome; whatever is no success is a rejection.
    pub fn of(rendered: &Rendered<'_>, purpose: Purpose, request_id: &str) -> Self {
        match rendered.outcome {
            Outcome::Verified { proof, enrolled, recovery_issued } => {
                Self::Verified(Box::new(verified(rendered, purpose, proof, *enrolled, *recovery_issued)))
            }
            Outcome::Rejected { reason, kind, attempts_left, locked } => {
                Self::Rejected(Box::new(rejected(rendered, request_id, *reason, *kind, *attempts_left, *locked)))
            }
            Outcome::Done | Outcome::EnrolmentStarted | Outcome::CodeResent | Outcome::Challenge(_) => Self::Rejected(
                Box::new(rejected(rendered, request_id, FailureReason::WrongCode, FactorKind::Totp, None, None)),
            ),
        }
    }
}

fn verified(
    rendered: &Rendered<'_>,
    purpose: Purpose,
    proof: &Proof,
    enrolled: Option<Method>,
    recovery_issued: bool,
) -> VerifiedBody {
    let message = match enrolled {
        Some(Method::Totp) => "enrol.confirmed.totp",
        Some(Method::Email) => "enrol.confirmed.email",
        Some(Method::Sms) => "enrol.confirmed.sms",
        None => "verify.ok",
    };
    let codes = if recovery_issued {
        rendered.shown.recovery.iter().map(|c| c.expose().to_owned()).collect()
    } else {
        Vec::new()
    };
    VerifiedBody {
        verified: true,
        purpose: purpose.name(),
        method: proof.kind().name(),
        enrolled: enrolled.is_some(),
        message: text(rendered, message),
        recovery_codes: codes,
        recovery_message: recovery_issued.then(|| text(rendered, "recovery.save")),
        recovery_codes_left: rendered.user.recovery_codes_left(),
        position: 0,
    }
}

fn rejected(
    rendered: &Rendered<'_>,
    request_id: &str,
    reason: FailureReason,
    kind: FactorKind,
    attempts_left: Option<u32>,
    locked: Option<Option<Timestamp>>,
) -> RejectedBody {
    // A code that a newer one replaced is, for the caller, simply over.
    let code = match reason {
        FailureReason::WrongCode => "wrong_code",
        FailureReason::AlreadyUsed => "already_used",
        FailureReason::Expired | FailureReason::Superseded => "expired",
    };
    let message = text(rendered, &format!("verify.{code}"));
    let until = locked.flatten();
    let hint = kind == FactorKind::Totp && reason == FailureReason::WrongCode;
    RejectedBody {
        kind: format!("/docs/problems#{code}"),
        title: "The code was not accepted",
        http_status: 422,
        code,
        detail: message.clone(),
        message,
        request_id: request_id.to_owned(),
        verified: false,
        reason: code,
        method: kind.name(),
        attempts_left,
        retry_after: until.map(|at| rendered.now.secs_until(at)),
        locked_until: until.map(instant),
        locked: locked.is_some(),
        hints: if hint {
            vec![Hint { code: "check_device_time", text: text(rendered, "hint.device_time") }]
        } else {
            Vec::new()
        },
        position: 0,
    }
}

impl Answer for VerifyAnswer {
    fn status(&self) -> u16 {
        match self {
            Self::Verified(_) => 200,
            Self::Rejected(_) => 422,
        }
    }

    fn strip_shown_once(&mut self) {
        if let Self::Verified(body) = self {
            body.recovery_codes.clear();
        }
    }

    fn set_position(&mut self, position: u64) {
        match self {
            Self::Verified(body) => body.position = position,
            Self::Rejected(body) => body.position = position,
        }
    }
}

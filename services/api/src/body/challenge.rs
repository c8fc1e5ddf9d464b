//! What a login page must show.

use serde::Serialize;
use twofold_domain::settings::RecoveryPath;
use twofold_domain::user::{
    Challenge, ChallengeAnswer, Factor, LoginRequirement, Outcome, Purpose, may_disable_at_login,
};
use twofold_domain::{AccountId, FactorKind, Method, Timestamp};
use twofold_engine::{Answer, MessageStanding, Rendered};
use utoipa::ToSchema;

use super::challenge_delivery::{ChallengeDelivery, Sent};
use super::enrolment::EnrolmentBody;
use super::user::masked;
use super::{instant, text};

/// What comes after the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeStatus {
    /// Show a code field.
    CodeRequired,
    /// Show the set-up inside, or let the user choose a method and open another challenge with it.
    SetupRequired,
    /// The login is allowed; offer set-up.
    SetupOffered,
    /// The login is allowed.
    NotRequired,
}

/// A way back in for somebody who has no code.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryWay {
    /// `recovery_code`, `other_factor`, `account_admin` or `support`.
    pub path: &'static str,
    /// The text to show.
    pub text: String,
}

/// A challenge.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "what a login page may show, one answer each")]
pub struct ChallengeBody {
    /// What to do now.
    pub status: ChallengeStatus,
    /// The login may go on without a code. False means: no login before `verify` answers 200.
    pub login_allowed: bool,
    /// The challenge, for verify, resend and disable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `login` or `reauth`.
    pub purpose: &'static str,
    /// The method asked for, or being set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The methods the user can choose from.
    pub methods: Vec<&'static str>,
    /// Masked address or number the code went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Digits of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// When the sent code dies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_expires_at: Option<String>,
    /// How the message with the code fares; left out when that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<ChallengeDelivery>,
    /// From when on another code can be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend_at: Option<String>,
    /// When the challenge dies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The set-up inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentBody>,
    /// Show "Log in with a recovery code".
    pub recovery_code_allowed: bool,
    /// Show "Disable 2FA" (S2-13).
    pub disable_offered: bool,
    /// Until when set-up may be skipped, if that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skippable_until: Option<String>,
    /// The factor is locked; no code was sent. Seconds until it is open again; absent when somebody must unlock it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The factor is locked.
    pub locked: bool,
    /// Ways back in, in the tenant's order.
    pub recovery: Vec<RecoveryWay>,
    /// The text to show, in the user's language.
    pub message: String,
    /// Position of the user's last change.
    pub position: u64,
    /// For the route, which alone can count administrators.
    #[serde(skip)]
    pub account: Option<AccountId>,
    /// For the route, which alone can ask the ledger.
    #[serde(skip)]
    pub sent: Option<Sent>,
}

impl ChallengeBody {
    /// From an outcome.
    pub fn of(rendered: &Rendered<'_>, purpose: Purpose) -> Self {
        let nothing = ChallengeAnswer {
            requirement: LoginRequirement::SetupRequired,
            challenge: None,
            method: None,
            setup: false,
        };
        let answer = match rendered.outcome {
            Outcome::Challenge(answer) => answer,
            Outcome::Done
            | Outcome::EnrolmentStarted
            | Outcome::CodeResent
            | Outcome::Verified { .. }
            | Outcome::Rejected { .. } => &nothing,
        };
        let mut made = Self::bare(rendered, answer, purpose);
        if let Some(id) = &answer.challenge {
            made.id = Some(id.to_string());
            made.add_challenge(rendered, id);
        }
        if answer.setup {
            made.enrolment = rendered.user.enrolment.as_ref().map(|pending| EnrolmentBody::of(rendered, pending));
            made.digits = made.enrolment.as_ref().map(|e| e.digits);
        }
        made
    }

    /// After a new code was sent.
    pub fn resent(rendered: &Rendered<'_>, id: &twofold_domain::ChallengeId) -> Self {
        let challenge = rendered.user.challenge(id);
        let method = challenge.and_then(|c| c.method);
        let answer = ChallengeAnswer {
            requirement: LoginRequirement::CodeRequired(method.into_iter().collect()),
            challenge: Some(id.clone()),
            method,
            setup: false,
        };
        let mut made = Self::bare(rendered, &answer, challenge.map_or(Purpose::Login, |c| c.purpose));
        made.id = Some(id.to_string());
        made.add_challenge(rendered, id);
        made
    }

    /// As it stands, without anything having happened.
    pub fn standing(rendered: &Rendered<'_>, challenge: &Challenge) -> Self {
        let (user, settings) = (rendered.user, rendered.settings);
        let pending = user.enrolment.as_ref().filter(|pending| challenge.setup.as_ref() == Some(&pending.id));
        let answer = ChallengeAnswer {
            requirement: match challenge.method {
                Some(_) => {
                    LoginRequirement::CodeRequired(user.active_factors(settings).iter().map(Factor::method).collect())
                }
                None if challenge.skippable => LoginRequirement::SetupOffered { until: None },
                None => LoginRequirement::SetupRequired,
            },
            challenge: Some(challenge.id.clone()),
            method: challenge.method.or(pending.map(|pending| pending.method)),
            setup: pending.is_some(),
        };
        let mut made = Self::bare(rendered, &answer, challenge.purpose);
        made.id = Some(challenge.id.to_string());
        made.add_challenge(rendered, &challenge.id);
        made.enrolment = pending.map(|pending| EnrolmentBody::of(rendered, pending));
        made.digits = made.digits.or(made.enrolment.as_ref().map(|enrolment| enrolment.digits));
        made
    }

    fn bare(rendered: &Rendered<'_>, answer: &ChallengeAnswer, purpose: Purpose) -> Self {
        let (user, settings) = (rendered.user, rendered.settings);
        let (status, methods) = match &answer.requirement {
            LoginRequirement::NotRequired(_) => (ChallengeStatus::NotRequired, Vec::new()),
            LoginRequirement::CodeRequired(methods) => (ChallengeStatus::CodeRequired, methods.clone()),
            LoginRequirement::SetupRequired => {
                (ChallengeStatus::SetupRequired, settings.methods.allowed.iter().copied().collect())
            }
            LoginRequirement::SetupOffered { .. } => {
                (ChallengeStatus::SetupOffered, settings.methods.allowed.iter().copied().collect())
            }
        };
        let asks = matches!(status, ChallengeStatus::CodeRequired | ChallengeStatus::SetupRequired);
        let recovery_open =
            settings.recovery_codes.enabled && settings.recovery.paths.contains(&RecoveryPath::RecoveryCode);
        let skippable_until = match &answer.requirement {
            LoginRequirement::SetupOffered { until } => until.map(instant),
            LoginRequirement::NotRequired(_) | LoginRequirement::CodeRequired(_) | LoginRequirement::SetupRequired => {
                None
            }
        };
        Self {
            status,
            login_allowed: !asks,
            id: None,
            purpose: purpose.name(),
            method: answer.method.map(Method::name),
            methods: methods.into_iter().map(Method::name).collect(),
            destination: None,
            digits: None,
            code_expires_at: None,
            delivery: None,
            resend_at: None,
            expires_at: None,
            enrolment: None,
            recovery_code_allowed: asks && recovery_open && user.recovery_codes_left() > 0,
            disable_offered: status == ChallengeStatus::SetupRequired && may_disable_at_login(user, settings),
            skippable_until,
            retry_after: None,
            locked: false,
            recovery: if asks { ways(rendered) } else { Vec::new() },
            message: text(rendered, &message_id(status, answer.method)),
            position: 0,
            account: user.profile.as_ref().and_then(|p| p.account.as_ref()).map(|a| a.id.clone()),
            sent: None,
        }
    }

    fn add_challenge(&mut self, rendered: &Rendered<'_>, id: &twofold_domain::ChallengeId) {
        let Some(challenge) = rendered.user.challenge(id) else { return };
        self.expires_at = Some(instant(challenge.expires_at));
        self.sent = Sent::of(rendered, challenge, self.recovery_code_allowed);
        self.delivery = self.sent.as_ref().filter(|sent| sent.just_now).map(|sent| sent.tell(MessageStanding::Pending));
        let Some(method) = challenge.method else { return };
        let budget = rendered.user.budgets.of(FactorKind::from(method));
        let now = rendered.user.monotone(rendered.now);
        self.locked = budget.lock.holds_at(now);
        if let (true, twofold_domain::user::Lock::Until(until)) = (self.locked, budget.lock) {
            self.retry_after = Some(now.secs_until(until));
        }
        let factor = rendered.user.active_factor(method, rendered.settings);
        match (factor.map(|f| &f.detail), &challenge.code) {
            (Some(twofold_domain::user::FactorDetail::Totp { params, .. }), _) => self.digits = Some(params.digits),
            (
                Some(twofold_domain::user::FactorDetail::Email(to) | twofold_domain::user::FactorDetail::Sms(to)),
                code,
            ) => {
                self.destination = rendered.user.resolve(method, to).and_then(|d| masked(rendered, method, d));
                if let Some(code) = code {
                    self.digits = Some(code.digits);
                    self.code_expires_at = Some(instant(code.expires_at));
                    self.resend_at = Some(instant(resend_at(code.issued_at, rendered)));
                }
            }
            (None, _) => {}
        }
    }
}

fn resend_at(issued_at: Timestamp, rendered: &Rendered<'_>) -> Timestamp {
    issued_at.plus_secs(u64::from(rendered.settings.codes.resend_after_secs))
}

fn ways(rendered: &Rendered<'_>) -> Vec<RecoveryWay> {
    let (user, settings) = (rendered.user, rendered.settings);
    let open = |path: &RecoveryPath| match path {
        RecoveryPath::RecoveryCode => settings.recovery_codes.enabled && user.recovery_codes_left() > 0,
        RecoveryPath::OtherFactor => user.active_factors(settings).len() > 1,
        RecoveryPath::AccountAdmin => user.profile.as_ref().is_some_and(|p| p.account.is_some()),
        RecoveryPath::Support => true,
    };
    settings.recovery.paths.iter().filter(|path| open(path)).map(|path| way(rendered, *path)).collect()
}

fn way(rendered: &Rendered<'_>, path: RecoveryPath) -> RecoveryWay {
    let (path, id) = match path {
        RecoveryPath::RecoveryCode => ("recovery_code", "help.recovery_code"),
        RecoveryPath::OtherFactor => ("other_factor", "help.other_factor"),
        RecoveryPath::AccountAdmin => ("account_admin", "help.account_admin"),
        RecoveryPath::Support => ("support", "help.support"),
    };
    RecoveryWay { path, text: text(rendered, id) }
}

fn message_id(status: ChallengeStatus, method: Option<Method>) -> String {
    match status {
        ChallengeStatus::CodeRequired => format!("login.code_required.{}", method.map_or("totp", Method::name)),
        ChallengeStatus::SetupRequired => "login.setup_required".to_owned(),
        ChallengeStatus::SetupOffered => "login.setup_offered".to_owned(),
        ChallengeStatus::NotRequired => "login.not_required".to_owned(),
    }
}

impl Answer for ChallengeBody {
    fn status(&self) -> u16 {
        if self.id.is_some() { 201 } else { 200 }
    }

    fn strip_shown_once(&mut self) {
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.strip_shown_once();
        }
    }

    fn set_position(&mut self, position: u64) {
        self.position = position;
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.position = position;
        }
    }
}

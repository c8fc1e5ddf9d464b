//! A replayed user as support sees him.

use serde::Serialize;
use twofold_domain::settings::Settings;
use twofold_domain::user::{LoginRequirement, NotRequired, User, login_requirement, may_toggle};
use twofold_domain::{Method, Timestamp};
use twofold_engine::Label;
use twofold_event_log::Seq;
use utoipa::ToSchema;

use super::parts::{BudgetState, ChallengeState, EnrolmentState, FactorState};
use crate::body::UserStatus;
use crate::unseal::Unsealer;

/// What the panel had told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileState {
    /// The panel's own user id; null after erasure.
    pub user: Option<String>,
    /// `live` or `test`.
    pub mode: &'static str,
    /// `user` or `admin`.
    pub role: &'static str,
    /// The panel's own account id; null without account and after erasure.
    pub account: Option<String>,
    /// Masked registered address.
    pub email: Option<String>,
    /// Masked registered number.
    pub phone: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// What a login would have needed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginState {
    /// `not_required`, `code_required`, `setup_required` or `setup_offered`.
    pub requirement: &'static str,
    /// Why not: `policy_off` or `not_enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// The methods to choose from.
    pub methods: Vec<&'static str>,
    /// Until when set-up could be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skippable_until: Option<String>,
}

/// A user at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateBody {
    /// The moment: locks and remaining times refer to it.
    pub as_of: String,
    /// Position of the last commit in it.
    pub position: u64,
    /// When that commit was made.
    pub last_event_at: String,
    /// The user's key was destroyed.
    pub erased: bool,
    /// What the panel had told; null after erasure.
    pub profile: Option<ProfileState>,
    /// When the panel first told of him.
    pub registered_at: String,
    /// Whether the second factor was on.
    pub status: UserStatus,
    /// "Use 2FA" as set; null for as the policy says.
    pub use_2fa: Option<bool>,
    /// "Can toggle the use of 2FA" as set; null for as account and tenant say.
    pub may_toggle: Option<bool>,
    /// The same as it came out.
    pub may_toggle_effective: bool,
    /// Confirmed factors, asleep or not.
    pub factors: Vec<FactorState>,
    /// The unfinished set-up.
    pub enrolment: Option<EnrolmentState>,
    /// Remembered challenges, newest first.
    pub challenges: Vec<ChallengeState>,
    /// Attempts and locks of every factor.
    pub budgets: Vec<BudgetState>,
    /// Recovery codes not yet used; null when there was no set.
    pub recovery_codes_left: Option<usize>,
    /// When a code was last accepted.
    pub last_verified_at: Option<String>,
    /// What a login would have needed.
    pub login: LoginState,
}

impl StateBody {
    /// From a state, the rules of then and what opens the personal part.
    pub fn of(user: &User, settings: &Settings, unsealer: &Unsealer, as_of: Timestamp, position: Seq) -> Self {
        let now = user.monotone(as_of);
        Self {
            as_of: as_of.to_rfc3339(),
            position: position.0,
            last_event_at: user.last_at.to_rfc3339(),
            erased: user.erased,
            profile: profile(user, unsealer),
            registered_at: user.registered_at.to_rfc3339(),
            status: UserStatus::of(user, settings),
            use_2fa: user.use_2fa,
            may_toggle: user.may_toggle,
            may_toggle_effective: may_toggle(user, settings),
            factors: user.factors.iter().map(|factor| FactorState::of(user, factor, unsealer, settings)).collect(),
            enrolment: user.enrolment.as_ref().map(|pending| EnrolmentState::of(user, pending, unsealer, now)),
            challenges: user.challenges.iter().rev().map(|challenge| ChallengeState::of(challenge, now)).collect(),
            budgets: user.budgets.iter().map(|(kind, budget)| BudgetState::of(kind, budget, now)).collect(),
            recovery_codes_left: user.recovery.as_ref().map(|_| user.recovery_codes_left()),
            last_verified_at: user.last_verified_at.map(Timestamp::to_rfc3339),
            login: login(user, settings, now),
        }
    }
}

fn profile(user: &User, unsealer: &Unsealer) -> Option<ProfileState> {
    let profile = user.profile.as_ref()?;
    Some(ProfileState {
        user: unsealer.text(Label::PanelId, &profile.panel_id),
        mode: profile.mode.name(),
        role: profile.role.name(),
        account: profile.account.as_ref().and_then(|account| unsealer.text(Label::AccountPanelId, &account.sealed)),
        email: profile.email.as_ref().and_then(|to| unsealer.masked(Method::Email, to)),
        phone: profile.phone.as_ref().and_then(|to| unsealer.masked(Method::Sms, to)),
        locale: profile.locale.clone(),
    })
}

fn login(user: &User, settings: &Settings, now: Timestamp) -> LoginState {
    let bare = |requirement, methods| LoginState { requirement, because: None, methods, skippable_until: None };
    let allowed = || settings.methods.allowed.iter().copied().map(Method::name).collect();
    match login_requirement(user, settings, now) {
        LoginRequirement::NotRequired(why) => {
            let because = match why {
                NotRequired::PolicyOff => "policy_off",
                NotRequired::NotEnabled => "not_enabled",
            };
            LoginState { because: Some(because), ..bare("not_required", Vec::new()) }
        }
        LoginRequirement::CodeRequired(methods) => {
            bare("code_required", methods.into_iter().map(Method::name).collect())
        }
        LoginRequirement::SetupRequired => bare("setup_required", allowed()),
        LoginRequirement::SetupOffered { until } => {
            LoginState { skippable_until: until.map(Timestamp::to_rfc3339), ..bare("setup_offered", allowed()) }
        }
    }
}

//! The rules in given/when/then form. [`World`] is one user with everything around him.

mod accounts;
mod arbitrary;
mod budget;
mod changes;
mod codes;
mod enrolment;
mod fold;
mod login;
mod methods;
mod model;
mod notices;
mod reauth;
mod refusals;
mod replay;
mod toggle;
mod world;

use self::world::World;
use super::*;
use crate::actor::{Actor, Role};
use crate::presets::Preset;
use crate::settings::Settings;
use crate::{
    AccountId, ChallengeId, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp,
};

/// At the beginning of a TOTP step.
const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// What somebody types, before anybody looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Typed {
    Totp { secret: Sealed, step: u64 },
    Sent { nonce: CodeNonce, purpose: Purpose, reference: String },
    Recovery(KeyedHash),
    Nonsense,
}

/// Stands in for the crypto crate, and is more generous: it knows no window, so the rules must.
fn look(gate: &Gate<'_>, typed: &Typed) -> Evidence {
    match (gate, typed) {
        (Gate::Closed { .. }, _) => Evidence::NotEvaluated,
        (Gate::Totp { secret, .. }, Typed::Totp { secret: own, step }) if *secret == own => {
            Evidence::Totp { step: Some(*step), drift_steps: None }
        }
        (Gate::Totp { .. }, _) => Evidence::Totp { step: None, drift_steps: None },
        (Gate::Code { code, purpose, reference }, typed) => {
            let own = Typed::Sent { nonce: code.nonce, purpose: *purpose, reference: (*reference).to_owned() };
            Evidence::Code { matches: own == *typed }
        }
        (Gate::RecoveryCode { set }, typed) => {
            let position = set.iter().position(|slot| slot.is_some_and(|hash| *typed == Typed::Recovery(hash)));
            Evidence::RecoveryCode { index: position.and_then(|i| u8::try_from(i).ok()) }
        }
    }
}

fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

fn destination(n: u8) -> Destination {
    Destination { sealed: Sealed::new(vec![n]), fingerprint: KeyedHash::new([n; 32]) }
}

fn profile_patch() -> ProfilePatch {
    ProfilePatch {
        mode: Mode::Live,
        panel_id: Sealed::new(vec![0]),
        account: Patch::Keep,
        role: None,
        email: Patch::Keep,
        phone: Patch::Keep,
        locale: Patch::Keep,
        use_2fa: Patch::Keep,
        may_toggle: Patch::Keep,
    }
}

fn admin_of(n: u8) -> Actor {
    Actor::AccountAdmin { role: Role::Admin, account: Some(account(n)) }
}

const SUPPORT: Actor = Actor::Support { has_reason: true };

fn names(decision: &Decision) -> Vec<&'static str> {
    decision.events.iter().map(UserEvent::name).collect()
}

fn verified(result: &Result<Decision, Refusal>) -> bool {
    matches!(result, Ok(Decision { outcome: Outcome::Verified { .. }, .. }))
}

fn rejected(result: &Result<Decision, Refusal>) -> Option<FailureReason> {
    match result {
        Ok(Decision { outcome: Outcome::Rejected { reason, .. }, .. }) => Some(*reason),
        _ => None,
    }
}

fn direct() -> Attempt {
    Attempt { target: Target::Direct, purpose: Purpose::Login, kind: None }
}

fn direct_recovery() -> Attempt {
    Attempt { target: Target::Direct, purpose: Purpose::Login, kind: Some(FactorKind::RecoveryCode) }
}

fn inside(challenge: &ChallengeId) -> Attempt {
    Attempt { target: Target::Challenge(challenge.clone()), purpose: Purpose::Login, kind: None }
}

fn everything() -> Settings {
    let mut settings = Settings::default();
    settings.methods.allowed = Method::ALL.into_iter().collect();
    settings.methods.max_active = 3;
    settings
}

//! The steps of the walk.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::arbitrary::{kind, method};
use super::*;
use crate::settings::{MethodSwitch, ReauthRule, RecoveryCodeFate, SelfReset, ToggleOff};

/// What is typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Guess {
    /// The right code; of an app, some steps off.
    Right(i64),
    Wrong,
    /// Something that was right or nearly so before.
    Replay(usize),
}

/// Where it is typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where {
    Direct,
    Challenge(usize),
    SetUp,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    ResetAuthenticator,
    Reset,
    Disable,
    Regenerate,
}

impl Change {
    pub(super) fn command(self, reauth: ReauthProof, recovery: Vec<KeyedHash>) -> CommandKind {
        match self {
            Self::ResetAuthenticator => CommandKind::ResetAuthenticator { reauth },
            Self::Reset => CommandKind::Reset { reauth },
            Self::Disable => CommandKind::Disable { reauth },
            Self::Regenerate => CommandKind::RegenerateRecoveryCodes { reauth, recovery },
        }
    }
}

/// A change of the tenant's settings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rules {
    Policy(PolicyMode),
    MaxActive(u8),
    Switch(MethodSwitch),
    ToggleOff(ToggleOff, RecoveryCodeFate),
    Reauth(ReauthRule),
    SelfReset(SelfReset),
    RecoveryCodes(bool),
}

impl Rules {
    pub(super) fn apply(self, settings: &mut Settings) {
        match self {
            Self::Policy(policy) => settings.policy = policy,
            Self::MaxActive(max) => settings.methods.max_active = max,
            Self::Switch(switch) => settings.methods.switch = switch,
            Self::ToggleOff(toggle_off, codes) => {
                settings.toggle_off = toggle_off;
                settings.recovery_codes.on_disable = codes;
            }
            Self::Reauth(rule) => {
                settings.reauth.disable = rule;
                settings.reauth.reset = rule;
                settings.reauth.regenerate = rule;
            }
            Self::SelfReset(self_reset) => settings.self_reset = self_reset,
            Self::RecoveryCodes(enabled) => settings.recovery_codes.enabled = enabled,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The clock on the wall moves, also backwards.
    Jump(i64),
    Rules(Rules),
    Put(Box<ProfilePatch>),
    Start(Method, Option<u8>),
    Confirm(Guess),
    Open(Purpose, Option<Method>),
    Resend(usize),
    ResendSetUp,
    Verify(Where, Purpose, Option<FactorKind>, Guess),
    DisableAtLogin(usize),
    /// By the user himself.
    Change(Change, Where, Option<FactorKind>, Guess),
    /// By support.
    Unlock(Option<FactorKind>),
}

impl Step {
    pub(super) fn actor(&self) -> Actor {
        if let Self::Put(_) = self {
            Actor::System
        } else if let Self::Unlock(_) = self {
            SUPPORT
        } else {
            Actor::User
        }
    }
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![
        4 => (-2_i64..=2).prop_map(Guess::Right),
        2 => Just(Guess::Right(0)),
        4 => Just(Guess::Wrong),
        3 => (0_usize..64).prop_map(Guess::Replay),
    ]
}

fn target() -> impl Strategy<Value = Where> {
    prop_oneof![3 => Just(Where::Direct), 5 => Just(Where::Challenge(0)), 2 => (0_usize..8).prop_map(Where::Challenge), 1 => Just(Where::SetUp)]
}

fn purpose() -> impl Strategy<Value = Purpose> {
    select(vec![Purpose::Login, Purpose::Login, Purpose::Reauth])
}

fn put() -> impl Strategy<Value = Step> {
    let toggled =
        || prop_oneof![3 => Just(Patch::Keep), 1 => Just(Patch::Clear), 3 => any::<bool>().prop_map(Patch::Set)];
    let address = prop_oneof![4 => Just(Patch::Keep), 1 => (1_u8..4).prop_map(|n| Patch::Set(destination(n)))];
    (toggled(), toggled(), address).prop_map(|(use_2fa, may_toggle, email)| {
        Step::Put(Box::new(ProfilePatch { email, use_2fa, may_toggle, ..profile_patch() }))
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    use ReauthRule::{Code, Confirm, None, Password, PasswordAndCode};
    let policies = vec![PolicyMode::Off, PolicyMode::Optional, PolicyMode::Required];
    let self_resets = vec![SelfReset::Never, SelfReset::WithVerifiedSession, SelfReset::IfMayToggle];
    prop_oneof![
        select(policies).prop_map(Rules::Policy),
        (1_u8..=3).prop_map(Rules::MaxActive),
        select(vec![MethodSwitch::DisableFirst, MethodSwitch::ReplaceAtomically]).prop_map(Rules::Switch),
        (
            select(vec![ToggleOff::Erase, ToggleOff::Retain]),
            select(vec![RecoveryCodeFate::Revoke, RecoveryCodeFate::Keep])
        )
            .prop_map(|(toggle_off, codes)| Rules::ToggleOff(toggle_off, codes)),
        select(vec![None, Confirm, Password, Code, PasswordAndCode]).prop_map(Rules::Reauth),
        select(self_resets).prop_map(Rules::SelfReset),
        any::<bool>().prop_map(Rules::RecoveryCodes),
    ]
}

fn jump() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_i64..70).prop_map(Step::Jump),
        2 => (0_i64..4_000).prop_map(Step::Jump),
        2 => (-4_000_i64..0).prop_map(Step::Jump),
    ]
}

pub(super) fn step() -> BoxedStrategy<Step> {
    let change = select(vec![Change::ResetAuthenticator, Change::Reset, Change::Disable, Change::Regenerate]);
    prop_oneof![
        6 => jump(),
        2 => rules().prop_map(Step::Rules),
        2 => put(),
        4 => (method(), option::of(1_u8..4)).prop_map(|(method, entered)| Step::Start(method, entered.filter(|n| *n == 1))),
        6 => guess().prop_map(Step::Confirm),
        6 => (purpose(), option::of(method())).prop_map(|(purpose, method)| Step::Open(purpose, method)),
        2 => (0_usize..8).prop_map(Step::Resend),
        1 => Just(Step::ResendSetUp),
        16 => (target(), purpose(), option::weighted(0.2, kind()), guess())
            .prop_map(|(target, purpose, kind, guess)| Step::Verify(target, purpose, kind, guess)),
        1 => (0_usize..8).prop_map(Step::DisableAtLogin),
        3 => (change, target(), option::of(kind()), guess())
            .prop_map(|(change, target, kind, guess)| Step::Change(change, target, kind, guess)),
        1 => option::of(kind()).prop_map(Step::Unlock),
    ]
    .boxed()
}

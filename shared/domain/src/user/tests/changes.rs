//! Disable, reset, new recovery codes: S0-11 to S0-15, S1-06.

use super::*;

fn ipi() -> World {
    let mut world = World::of(Preset::Ipi);
    world.enrol(Method::Totp);
    world
}

#[test]
fn s0_12_disable_asks_for_a_confirmation_and_can_be_resumed() {
    let mut w = ipi();
    let refused = w.run(CommandKind::Disable { reauth: ReauthProof::default() });
    assert_eq!(refused, Err(Refusal::ReauthRequired(crate::settings::ReauthRule::Confirm)));
    let done = w.disable().expect("confirmed");
    assert_eq!(names(&done), ["two_factor.disabled"]);
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled));
    assert_eq!(w.disable(), Err(Refusal::NotEnabled));
    w.enrol(Method::Totp);
}

#[test]
fn s0_13_disable_then_enable_again_the_old_recovery_codes_are_dead() {
    let mut w = ipi();
    let old = w.recovery_code(0);
    w.disable().expect("disabled");
    let again = w.enrol(Method::Totp);
    assert!(matches!(again.outcome, Outcome::Verified { recovery_issued: true, .. }));
    assert_eq!(rejected(&w.try_code(&direct_recovery(), &old)), Some(FailureReason::WrongCode));
    let new = w.recovery_code(0);
    assert!(verified(&w.try_code(&direct_recovery(), &new)));
}

#[test]
fn s0_14_resetting_only_the_authenticator_keeps_the_recovery_codes() {
    let mut w = ipi();
    let (old_app, old_codes) = (w.app(0), w.user.recovery.clone());
    let reauth = w.proof();
    let done = w.run(CommandKind::ResetAuthenticator { reauth }).expect("reset");
    assert_eq!(done.events[0], UserEvent::AuthenticatorReset { recovery_revoked: false });
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired, "2FA stays on");
    assert_eq!(w.try_code(&direct(), &old_app), Err(Refusal::NotEnrolled));
    let code = w.recovery_code(4);
    assert!(verified(&w.try_code(&direct_recovery(), &code)));
    let again = w.enrol(Method::Totp);
    assert!(matches!(again.outcome, Outcome::Verified { recovery_issued: false, .. }), "no new set");
    let mut left = old_codes.expect("set");
    left[4] = None;
    assert_eq!(w.user.recovery, Some(left));
    w.settings.recovery_codes.on_authenticator_reset = crate::settings::RecoveryCodeFate::Revoke;
    let reauth = w.proof();
    w.run(CommandKind::ResetAuthenticator { reauth }).expect("reset");
    assert_eq!(w.user.recovery, None, "unless the tenant wants otherwise");
}

#[test]
fn s0_15_reset_authenticator_and_disable_are_two_commands_with_two_events() {
    let (mut first, mut second) = (ipi(), ipi());
    let reauth = first.proof();
    let reset = first.run(CommandKind::ResetAuthenticator { reauth }).expect("reset");
    assert_eq!(names(&reset), ["authenticator.reset"]);
    assert_eq!(names(&second.disable().expect("disabled")), ["two_factor.disabled"]);
    assert_eq!((first.user.use_2fa, second.user.use_2fa), (Some(true), Some(false)));
    let reauth = first.proof();
    assert_eq!(first.run(CommandKind::ResetAuthenticator { reauth }), Err(Refusal::NotEnabled));
}

#[test]
fn a_full_reset_revokes_the_recovery_codes_and_set_up_brings_new_ones() {
    let mut w = ipi();
    let done = w.reset().expect("reset");
    assert_eq!(done.events[0], UserEvent::TwoFactorReset { recovery_revoked: true });
    assert_eq!(w.reset(), Err(Refusal::NotEnabled), "nothing is left to reset");
    let again = w.enrol(Method::Totp);
    assert!(matches!(again.outcome, Outcome::Verified { recovery_issued: true, .. }));
}

#[test]
fn s1_06_new_recovery_codes_after_a_confirmation_the_old_die_and_2fa_stays_on() {
    let mut w = World::of(Preset::Hideez);
    w.enrol(Method::Totp);
    let old = w.recovery_code(0);
    let recovery = w.hashes();
    let unconfirmed =
        CommandKind::RegenerateRecoveryCodes { reauth: ReauthProof::default(), recovery: recovery.clone() };
    assert!(matches!(w.run(unconfirmed), Err(Refusal::ReauthRequired(_))));
    let reauth = w.proof();
    let done = w.run(CommandKind::RegenerateRecoveryCodes { reauth, recovery }).expect("made");
    assert_eq!(names(&done), ["recovery_codes.generated"]);
    assert_eq!(w.requirement(), LoginRequirement::CodeRequired(vec![Method::Totp]));
    assert_eq!(rejected(&w.try_code(&direct_recovery(), &old)), Some(FailureReason::WrongCode));
    let new = w.recovery_code(0);
    assert!(verified(&w.try_code(&direct_recovery(), &new)));
}

#[test]
fn a_reset_or_disable_ends_what_was_open() {
    for disable in [true, false] {
        let mut w = World::new(everything());
        w.enrol(Method::Email);
        w.start(Method::Totp, None).expect("starts");
        let challenge = w.login();
        let code = w.sent(&challenge);
        if disable { w.disable() } else { w.reset() }.expect("changed");
        assert_eq!(w.user.enrolment, None);
        assert_eq!(rejected(&w.try_code(&inside(&challenge), &code)), Some(FailureReason::Superseded));
    }
}

#[test]
fn erasure_leaves_nothing_and_is_the_providers() {
    let mut w = ipi();
    for actor in [Actor::User, admin_of(1)] {
        assert!(matches!(w.run_as(actor, CommandKind::Erase), Err(Refusal::NotPermitted(_))));
    }
    let reasonless = Actor::Support { has_reason: false };
    assert_eq!(w.run_as(reasonless, CommandKind::Erase), Err(Refusal::ReasonRequired));
    assert_eq!(names(&w.run_as(SUPPORT, CommandKind::Erase).expect("erased")), ["user.erased"]);
    let (registered_at, last_at) = (w.user.registered_at, w.user.last_at);
    assert_eq!(w.user, User { erased: true, registered_at, last_at, ..User::default() });
    assert_eq!(w.disable(), Err(Refusal::UserErased));
    assert_eq!(gate(&w.user, &w.settings, &direct(), w.now), Err(Refusal::UserErased));
    let again = w.run_as(Actor::System, CommandKind::PutProfile(profile_patch()));
    assert_eq!(again, Err(Refusal::UserErased));
}

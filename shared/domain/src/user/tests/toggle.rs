//! What turning "Use 2FA" off does to the factors.

use super::*;
use crate::settings::{RecoveryCodeFate, ToggleOff};

fn world(toggle_off: ToggleOff) -> World {
    let mut settings = everything();
    settings.toggle_off = toggle_off;
    let mut world = World::new(settings);
    world.enrol(Method::Totp);
    world
}

#[test]
fn toggle_off_erase_asks_for_set_up_when_turned_on_again() {
    let mut w = world(ToggleOff::Erase);
    let off = w.use_2fa(false);
    assert_eq!(names(&off), ["two_factor.disabled"]);
    assert!(w.user.factors.is_empty() && w.user.recovery.is_none());
    w.use_2fa(true);
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
}

#[test]
fn toggle_off_retain_lets_the_factors_sleep_and_wakes_them() {
    let mut w = world(ToggleOff::Retain);
    w.settings.recovery_codes.on_disable = RecoveryCodeFate::Keep;
    w.use_2fa(false);
    assert_eq!(w.user.factors.len(), 1);
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled));
    let code = w.app(0);
    assert_eq!(w.try_code(&direct(), &code), Err(Refusal::NotEnrolled), "asleep");
    let recovery = w.recovery_code(0);
    assert_eq!(w.try_code(&direct_recovery(), &recovery), Err(Refusal::NoRecoveryCodes), "asleep");
    let by_user = ProfilePatch { use_2fa: Patch::Set(true), ..profile_patch() };
    w.run(CommandKind::PutProfile(by_user)).expect("who may toggle may wake them");
    assert!(verified(&w.try_code(&direct(), &code)));
    assert!(verified(&w.try_code(&direct_recovery(), &recovery)));
}

#[test]
fn toggle_off_retain_a_new_set_up_starts_from_what_is_awake() {
    let mut w = world(ToggleOff::Retain);
    w.disable().expect("disabled");
    let sleeping = w.app(1);
    let done = w.enrol(Method::Email);
    assert_eq!(names(&done)[0], "factor.replaced");
    assert_eq!(w.user.factors.len(), 1);
    assert_eq!(w.try_code(&direct(), &sleeping), Err(Refusal::NotEnrolled));
}

#[test]
fn a_required_policy_cannot_be_switched_off_by_anybody() {
    let mut w = world(ToggleOff::Erase);
    w.settings.policy = crate::settings::PolicyMode::Required;
    for actor in [Actor::User, admin_of(1), SUPPORT, Actor::System] {
        let reauth = w.proof();
        assert_eq!(w.run_as(actor.clone(), CommandKind::Disable { reauth }), Err(Refusal::PolicyRequires));
        if actor != Actor::User {
            let off = ProfilePatch { use_2fa: Patch::Set(false), ..profile_patch() };
            assert_eq!(w.run_as(actor, CommandKind::PutProfile(off)), Err(Refusal::PolicyRequires));
        }
    }
}

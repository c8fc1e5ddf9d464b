//! Accounts, roles and rights: S2-02 to S2-06, S2-14 to S2-17.

use super::*;
use crate::settings::RecoveryPath;

fn configured() -> World {
    let mut world = World::of(Preset::AccountProfile);
    world.use_2fa(true);
    let challenge = world.login();
    let code = world.of_enrolment();
    world.try_code(&inside(&challenge), &code).expect("set up");
    world.pass(60);
    world
}

fn set(on: bool) -> CommandKind {
    CommandKind::PutProfile(ProfilePatch { use_2fa: Patch::Set(on), ..profile_patch() })
}

fn reset_by(world: &mut World, actor: Actor) -> Result<Decision, Refusal> {
    world.run_as(actor, CommandKind::Reset { reauth: ReauthProof::default() })
}

#[test]
fn s2_02_administrators_set_use_2fa_on_profiles_of_their_own_account_only() {
    let mut w = World::of(Preset::AccountProfile);
    let on = w.run_as(admin_of(1), set(true)).expect("own account");
    assert_eq!(names(&on), ["user.use_2fa_set"]);
    let off = w.run_as(admin_of(1), set(false)).expect("own account");
    assert_eq!(names(&off), ["two_factor.disabled"]);
    let nobody = Actor::AccountAdmin { role: Role::Admin, account: None };
    let no_admin = Actor::AccountAdmin { role: Role::User, account: Some(account(1)) };
    for actor in [admin_of(2), nobody, no_admin] {
        assert_eq!(w.run_as(actor, set(true)), Err(Refusal::NotAccountAdmin));
    }
    let reasonless = Actor::Support { has_reason: false };
    assert_eq!(w.run_as(reasonless, set(true)), Err(Refusal::ReasonRequired));
}

#[test]
fn s2_04_without_the_toggle_right_a_user_neither_enables_nor_disables() {
    let mut w = configured();
    w.may_toggle(false);
    assert!(matches!(w.disable(), Err(Refusal::NotPermitted(_))));
    w.use_2fa(false);
    assert!(matches!(w.run(set(true)), Err(Refusal::NotPermitted(_))));
    w.settings.enrolment.trigger.insert(crate::settings::Trigger::Profile);
    assert!(matches!(w.start(Method::Totp, None), Err(Refusal::NotPermitted(_))));
}

#[test]
fn s2_05_all_four_combinations_exist() {
    for on in [true, false] {
        for may in [true, false] {
            let mut w = World::of(Preset::AccountProfile);
            w.use_2fa(on);
            w.may_toggle(may);
            let rights = rights_of_user(&w.user, &w.settings);
            assert_eq!((w.user.use_2fa, may_toggle(&w.user, &w.settings)), (Some(on), may));
            assert_eq!((rights.enable, rights.disable), (may || on, may && on), "S2-06: {on} {may}");
            let changed = if on { w.disable() } else { w.run(set(true)) };
            assert_eq!(changed.is_ok(), may, "{on} {may}");
        }
    }
}

#[test]
fn s2_04_the_nearest_of_user_and_tenant_wins_and_administrators_always_may() {
    let mut w = World::of(Preset::AccountProfile);
    w.settings.user_may_toggle = false;
    assert!(!may_toggle(&w.user, &w.settings));
    w.may_toggle(true);
    assert!(may_toggle(&w.user, &w.settings));
    w.put(ProfilePatch { may_toggle: Patch::Clear, ..profile_patch() });
    assert!(!may_toggle(&w.user, &w.settings));
    w.put(ProfilePatch { role: Some(Role::Admin), ..profile_patch() });
    assert!(may_toggle(&w.user, &w.settings));
}

#[test]
fn s2_04_a_user_cannot_give_himself_rights() {
    let mut w = World::of(Preset::AccountProfile);
    w.may_toggle(false);
    let other = AccountRef { id: account(2), sealed: Sealed::new(vec![2]) };
    for patch in [
        ProfilePatch { may_toggle: Patch::Set(true), ..profile_patch() },
        ProfilePatch { may_toggle: Patch::Clear, ..profile_patch() },
        ProfilePatch { role: Some(Role::Admin), ..profile_patch() },
        ProfilePatch { account: Patch::Set(other.clone()), ..profile_patch() },
        ProfilePatch { use_2fa: Patch::Clear, ..profile_patch() },
        ProfilePatch { use_2fa: Patch::Set(false), ..profile_patch() },
    ] {
        assert!(matches!(w.run(CommandKind::PutProfile(patch)), Err(Refusal::NotPermitted(_))));
    }
    let moved = CommandKind::PutProfile(ProfilePatch { account: Patch::Set(other), ..profile_patch() });
    assert!(matches!(w.run_as(admin_of(1), moved), Err(Refusal::NotPermitted(_))));
    let locale = ProfilePatch { locale: Patch::Set("de".to_owned()), ..profile_patch() };
    w.run(CommandKind::PutProfile(locale)).expect("his language is his own");
}

#[test]
fn c14_a_user_cannot_redirect_his_codes_by_changing_his_profile() {
    let mut w = World::new(everything());
    let patch = || CommandKind::PutProfile(ProfilePatch { email: Patch::Set(destination(7)), ..profile_patch() });
    w.clone().run(patch()).expect("nothing depends on it");
    w.enrol(Method::Email);
    assert!(matches!(w.run(patch()), Err(Refusal::NotPermitted(_))));
    w.run_as(Actor::System, patch()).expect("the panel checked");
}

#[test]
fn s2_14_an_administrator_of_the_same_account_resets_and_support_when_none_is_left() {
    let mut w = configured();
    assert_eq!(w.settings.recovery.paths, [RecoveryPath::AccountAdmin, RecoveryPath::Support]);
    for actor in [admin_of(1), SUPPORT] {
        let mut once = w.clone();
        let done = reset_by(&mut once, actor).expect("may");
        assert_eq!(names(&done), ["two_factor.reset"]);
    }
    assert_eq!(reset_by(&mut w, admin_of(2)), Err(Refusal::NotAccountAdmin));
    assert_eq!(reset_by(&mut w, Actor::Support { has_reason: false }), Err(Refusal::ReasonRequired));
}

#[test]
fn s2_15_after_a_reset_the_next_login_asks_for_set_up_and_use_2fa_stays() {
    let mut w = configured();
    reset_by(&mut w, admin_of(1)).expect("reset");
    assert_eq!(w.user.use_2fa, Some(true));
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
    let first = w.login();
    let code = w.of_enrolment();
    assert!(verified(&w.try_code(&inside(&first), &code)));
}

#[test]
fn s2_15_a_reset_also_keeps_a_second_factor_that_was_on_only_because_it_was_set_up() {
    let mut w = configured();
    w.put(ProfilePatch { use_2fa: Patch::Clear, ..profile_patch() });
    w.may_toggle(false);
    assert_eq!(w.requirement(), LoginRequirement::CodeRequired(vec![Method::Totp]));
    let done = w.reset().expect("S2-16");
    assert_eq!(names(&done), ["two_factor.reset", "user.use_2fa_set"]);
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
}

#[test]
fn s2_16_a_user_resets_his_own_in_a_verified_session_without_the_toggle_right() {
    let mut w = configured();
    w.may_toggle(false);
    let unverified = ReauthProof { session_verified: false, ..w.proof() };
    assert_eq!(w.run(CommandKind::Reset { reauth: unverified }), Err(Refusal::VerifiedSessionRequired));
    assert!(rights_of_user(&w.user, &w.settings).reset);
    w.reset().expect("reset");
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
}

#[test]
fn s2_17_moving_to_another_account_changes_who_may_help() {
    let mut w = configured();
    let moved = AccountRef { id: account(2), sealed: Sealed::new(vec![2]) };
    w.put(ProfilePatch { account: Patch::Set(moved), ..profile_patch() });
    assert_eq!(reset_by(&mut w, admin_of(1)), Err(Refusal::NotAccountAdmin));
    w.put(ProfilePatch { account: Patch::Clear, ..profile_patch() });
    assert_eq!(reset_by(&mut w, admin_of(2)), Err(Refusal::NotAccountAdmin));
}

#[test]
fn telling_the_same_again_changes_nothing() {
    let mut w = configured();
    let resealed = Destination { sealed: Sealed::new(vec![99]), ..destination(1) };
    let same =
        ProfilePatch { mode: Mode::Test, email: Patch::Set(resealed), use_2fa: Patch::Set(true), ..profile_patch() };
    assert!(w.put(same.clone()).events.is_empty());
    let changed = w.put(ProfilePatch { role: Some(Role::Admin), ..same });
    assert_eq!(names(&changed), ["user.profile_changed"]);
    assert_eq!(w.user.profile.as_ref().expect("known").mode, Mode::Live, "a live user stays one");
}

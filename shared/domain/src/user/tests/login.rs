//! What a login page must show: S2-03 to S2-13, S4-01, the grace period.

use super::*;
use crate::settings::{DisableWhenUnconfigured, PolicyMode};

fn wanted() -> World {
    let mut world = World::of(Preset::AccountProfile);
    world.use_2fa(true);
    world
}

#[test]
fn s2_03_after_yes_set_up_is_asked_for_at_the_next_login_and_not_at_once() {
    let mut w = World::of(Preset::AccountProfile);
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled));
    w.use_2fa(true);
    assert_eq!(w.start(Method::Totp, None), Err(Refusal::EnrolAtLogin));
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
}

#[test]
fn s2_07_s2_09_first_login_shows_a_set_up_whose_code_enrols_and_logs_in() {
    let mut w = wanted();
    let answer = w.open(Purpose::Login, None).expect("opens");
    assert!(answer.setup);
    assert_eq!(answer.method, Some(Method::Totp));
    let challenge = answer.challenge.expect("challenge");
    let code = w.of_enrolment();
    let done = w.try_code(&inside(&challenge), &code).expect("verified");
    assert_eq!(names(&done), ["enrolment.confirmed", "two_factor.enabled"]);
    assert!(matches!(done.outcome, Outcome::Verified { enrolled: Some(Method::Totp), .. }));
    assert_eq!(w.user.challenge(&challenge).expect("known").closed, Some(Closed::Verified));
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &code)), Some(FailureReason::AlreadyUsed));
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed), "invariant 2");
}

#[test]
fn s2_08_a_code_is_valid_for_30_seconds() {
    let mut w = wanted();
    let challenge = w.login();
    let code = w.of_enrolment();
    w.try_code(&inside(&challenge), &code).expect("set up");
    w.pass(60);
    for (seconds, right) in [(0, true), (29, true), (30, false)] {
        let mut once = w.clone();
        let code = once.app(0);
        once.pass(seconds);
        assert_eq!(verified(&once.try_code(&direct(), &code)), right, "{seconds} s");
    }
    let early = w.app(1);
    assert_eq!(rejected(&w.try_code(&direct(), &early)), Some(FailureReason::WrongCode));
}

#[test]
fn s2_10_later_logins_show_a_code_field_and_no_way_to_disable() {
    let mut w = wanted();
    let challenge = w.login();
    let code = w.of_enrolment();
    w.try_code(&inside(&challenge), &code).expect("set up");
    let answer = w.open(Purpose::Login, None).expect("opens");
    assert_eq!(answer.requirement, LoginRequirement::CodeRequired(vec![Method::Totp]));
    assert!(!answer.setup && !may_disable_at_login(&w.user, &w.settings));
    let challenge = answer.challenge.expect("challenge");
    assert!(matches!(w.run(CommandKind::DisableAtLogin { challenge }), Err(Refusal::NotPermitted(_))));
}

#[test]
fn s2_11_a_wrong_or_old_code_does_not_log_in() {
    let mut w = wanted();
    let challenge = w.login();
    let code = w.of_enrolment();
    w.try_code(&inside(&challenge), &code).expect("set up");
    w.pass(60);
    let challenge = w.login();
    let old = w.app(-1);
    for typed in [Typed::Nonsense, old] {
        assert_eq!(rejected(&w.try_code(&inside(&challenge), &typed)), Some(FailureReason::WrongCode));
        assert_eq!(w.user.challenge(&challenge).expect("known").closed, None);
    }
}

#[test]
fn s2_12_a_phone_whose_clock_is_off_is_told_apart_for_support() {
    let mut w = wanted();
    let challenge = w.login();
    let code = w.of_enrolment();
    w.try_code(&inside(&challenge), &code).expect("set up");
    w.pass(60);
    let evidence = Evidence::Totp { step: None, drift_steps: Some(-7) };
    let result = w.run(CommandKind::Verify { attempt: direct(), evidence, recovery: Vec::new() }).expect("counted");
    let UserEvent::VerificationFailed { drift_steps, counted: true, .. } = result.events[0] else { panic!("failed") };
    assert_eq!(drift_steps, Some(-7));
}

#[test]
fn s2_13_disable_at_login_completes_it_for_those_who_may_toggle() {
    let mut w = wanted();
    let challenge = w.login();
    let done = w.run(CommandKind::DisableAtLogin { challenge: challenge.clone() }).expect("disabled");
    assert_eq!(names(&done), ["two_factor.disabled"]);
    assert_eq!(w.user.challenge(&challenge).expect("known").closed, Some(Closed::Disabled));
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled));
    assert_eq!(w.run(CommandKind::DisableAtLogin { challenge }), Err(Refusal::AlreadyClosed));
}

#[test]
fn s2_13_disable_at_login_is_refused_without_the_right_and_open_to_administrators() {
    let mut w = wanted();
    w.may_toggle(false);
    let challenge = w.login();
    let disable = CommandKind::DisableAtLogin { challenge };
    assert!(matches!(w.run(disable.clone()), Err(Refusal::NotPermitted(_))));
    w.settings.login.disable_when_unconfigured = DisableWhenUnconfigured::Never;
    w.may_toggle(true);
    assert!(matches!(w.run(disable.clone()), Err(Refusal::NotPermitted(_))));
    w.settings.login.disable_when_unconfigured = DisableWhenUnconfigured::Always;
    w.may_toggle(false);
    w.clone().run(disable.clone()).expect("always");
    w.settings.login.disable_when_unconfigured = DisableWhenUnconfigured::IfMayToggle;
    w.put(ProfilePatch { role: Some(Role::Admin), ..profile_patch() });
    let mut required = w.clone();
    required.settings.policy = PolicyMode::Required;
    assert_eq!(required.run(disable.clone()), Err(Refusal::PolicyRequires));
    w.run(disable).expect("administrators always may");
}

#[test]
fn s4_01_the_invitation_can_be_skipped_and_ends_with_a_decision() {
    let mut w = World::of(Preset::Hostkey);
    let answer = w.open(Purpose::Login, None).expect("opens");
    assert_eq!(answer.requirement, LoginRequirement::SetupOffered { until: None });
    assert_eq!(answer.challenge, None, "skipping needs nothing");
    assert!(w.log.len() == 1, "and nothing is recorded");
    let accepted = w.open(Purpose::Login, Some(Method::Totp)).expect("opens").challenge.expect("challenge");
    assert!(w.user.challenge(&accepted).expect("known").skippable);
    w.may_toggle(false);
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled), "no use to those who may not");
}

#[test]
fn required_is_only_offered_during_the_grace_period() {
    let day = 86_400;
    let mut w = World::new(Settings { policy: PolicyMode::Required, ..Settings::default() });
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
    w.settings.grace_days = Some(10);
    let by_days = START.plus_secs(10 * day);
    assert_eq!(w.requirement(), LoginRequirement::SetupOffered { until: Some(by_days) });
    w.settings.grace_until = Some(START.plus_secs(20 * day));
    assert_eq!(
        w.requirement(),
        LoginRequirement::SetupOffered { until: w.settings.grace_until },
        "the later of the two"
    );
    let challenge = w.open(Purpose::Login, Some(Method::Totp)).expect("opens").challenge.expect("challenge");
    assert!(w.user.challenge(&challenge).expect("known").skippable);
    w.pass(20 * day);
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired);
    w.use_2fa(true);
    w.now = START;
    assert_eq!(w.requirement(), LoginRequirement::SetupRequired, "YES on the profile has no grace period");
}

#[test]
fn policy_off_asks_for_nothing_and_sets_nothing_up() {
    let mut w = World::new(everything());
    w.enrol(Method::Totp);
    w.settings.policy = PolicyMode::Off;
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::PolicyOff));
    assert_eq!(w.start(Method::Email, None), Err(Refusal::PolicyOff));
    let code = w.app(0);
    assert_eq!(w.try_code(&direct(), &code), Err(Refusal::NotEnrolled));
}

#[test]
fn with_several_methods_the_user_chooses_what_to_set_up_at_login() {
    let mut w = World::new(everything());
    w.use_2fa(true);
    let answer = w.open(Purpose::Login, None).expect("opens");
    assert!(!answer.setup);
    let bare = answer.challenge.expect("challenge");
    assert_eq!(w.try_code(&inside(&bare), &Typed::Nonsense), Err(Refusal::WrongTarget));
    let chosen = w.open(Purpose::Login, Some(Method::Sms)).expect("opens");
    assert_eq!((chosen.setup, chosen.method), (true, Some(Method::Sms)));
    let code = w.of_enrolment();
    assert!(verified(&w.try_code(&inside(&chosen.challenge.expect("challenge")), &code)));
}

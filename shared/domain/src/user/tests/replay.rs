//! Invariant 2: a code succeeds at most once. Monotone time (C10), and the window (C4).

use super::*;

fn enrolled() -> World {
    let mut world = World::new(everything());
    world.enrol(Method::Totp);
    world
}

#[test]
fn invariant_2_a_step_is_accepted_once() {
    let mut w = enrolled();
    let code = w.app(0);
    assert!(verified(&w.try_code(&direct(), &code)));
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed));
    w.pass(30);
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed), "still in the window");
}

#[test]
fn invariant_2_an_older_step_of_the_window_is_not_accepted_after_a_newer_one() {
    let mut w = enrolled();
    let (older, newer) = (w.app(-1), w.app(1));
    assert!(verified(&w.try_code(&direct(), &newer)));
    assert_eq!(rejected(&w.try_code(&direct(), &older)), Some(FailureReason::AlreadyUsed));
    let current = w.app(0);
    assert_eq!(rejected(&w.try_code(&direct(), &current)), Some(FailureReason::AlreadyUsed));
}

#[test]
fn invariant_2_the_step_used_to_enrol_cannot_log_in() {
    let mut w = World::new(everything());
    w.start(Method::Totp, None).expect("starts");
    let code = w.of_enrolment();
    assert!(verified(&w.confirm(&code)));
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed));
    w.pass(30);
    let next = w.app(0);
    assert!(verified(&w.try_code(&direct(), &next)));
}

#[test]
fn invariant_2_a_step_that_confirmed_a_change_cannot_log_in() {
    let mut w = enrolled();
    w.settings.reauth.regenerate = crate::settings::ReauthRule::Code;
    let code = w.app(0);
    let attempt = Attempt { purpose: Purpose::Reauth, ..direct() };
    let evidence = look(&gate(&w.user, &w.settings, &attempt, w.now).expect("open"), &code);
    let reauth = ReauthProof { code: Some((attempt, evidence)), ..ReauthProof::default() };
    let recovery = w.hashes();
    let done = w.run(CommandKind::RegenerateRecoveryCodes { reauth, recovery }).expect("confirmed");
    assert_eq!(names(&done), ["verification.succeeded", "recovery_codes.generated"]);
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed));
}

#[test]
fn invariant_2_a_spent_step_stays_spent_in_sleep_and_under_another_policy() {
    let mut w = enrolled();
    w.settings.toggle_off = crate::settings::ToggleOff::Retain;
    let code = w.app(0);
    assert!(verified(&w.try_code(&direct(), &code)));
    w.use_2fa(false);
    w.use_2fa(true);
    w.settings.policy = crate::settings::PolicyMode::Required;
    assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed));
}

#[test]
fn invariant_2_a_sent_code_is_accepted_once() {
    let mut w = World::new(everything());
    w.enrol(Method::Email);
    let challenge = w.login();
    let code = w.sent(&challenge);
    assert!(verified(&w.try_code(&inside(&challenge), &code)));
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &code)), Some(FailureReason::AlreadyUsed));
}

#[test]
fn invariant_2_a_recovery_code_is_accepted_once() {
    let mut w = enrolled();
    let code = w.recovery_code(3);
    assert!(verified(&w.try_code(&direct_recovery(), &code)));
    assert_eq!(rejected(&w.try_code(&direct_recovery(), &code)), Some(FailureReason::WrongCode));
    assert_eq!(w.user.recovery_codes_left(), 9);
}

#[test]
fn c4_only_the_window_of_the_factor_is_accepted_and_drift_is_recorded() {
    let mut w = enrolled();
    for (offset, right) in [(-2, false), (2, false), (-1, true), (1, true)] {
        let mut once = w.clone();
        let code = once.app(offset);
        let result = once.try_code(&direct(), &code);
        assert_eq!(verified(&result), right, "{offset}");
        let (UserEvent::VerificationSucceeded { proof: Proof::Totp { drift_steps: drift, .. }, .. }
        | UserEvent::VerificationFailed { drift_steps: Some(drift), .. }) = result.expect("decided").events[0]
        else {
            panic!("no drift recorded")
        };
        assert_eq!(i64::from(drift), offset);
    }
    // A later change of settings neither widens nor narrows the window of a factor that exists.
    w.settings.totp.skew_steps = 0;
    let code = w.app(-1);
    assert!(verified(&w.try_code(&direct(), &code)));
}

#[test]
fn c10_a_clock_set_back_reopens_no_lock_no_code_and_no_step() {
    let mut w = World::new(everything());
    w.enrol(Method::Totp);
    w.enrol(Method::Email);
    let challenge = w.open(Purpose::Login, Some(Method::Email)).expect("opens").challenge.expect("challenge");
    let (old_code, old_step) = (w.sent(&challenge), w.app(0));
    w.pass(301);
    w.fail(&direct(), 1);
    w.now = Timestamp(w.now.as_millis() - 300_000);
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &old_code)), Some(FailureReason::Expired));
    assert_eq!(rejected(&w.try_code(&direct(), &old_step)), Some(FailureReason::WrongCode));

    w.fail(&direct(), 3);
    let Lock::Until(until) = w.user.budgets.of(FactorKind::Totp).lock else { panic!("locked") };
    let mut back = w.clone();
    back.now = Timestamp(0);
    let code = back.app(0);
    let locked = Err(Refusal::Locked { kind: FactorKind::Totp, until: Some(until) });
    assert_eq!(back.try_code(&direct(), &code), locked);
    assert_eq!(w.user.monotone(Timestamp(0)), w.user.last_at);
}

#[test]
fn c10_a_password_check_does_not_become_fresh_again() {
    let mut w = World::new(Preset::Ipserverone.settings());
    let checked = w.now;
    w.pass(400);
    w.use_2fa(true);
    w.now = checked;
    let (secret, reauth) = (w.secret(), ReauthProof { password_at: Some(checked), ..ReauthProof::default() });
    let command = CommandKind::StartEnrolment { method: Method::Totp, secret, entered: None, reauth };
    assert_eq!(w.run(command), Err(Refusal::PasswordCheckStale));
}

#[test]
fn evidence_that_does_not_fit_the_gate_is_a_wrong_code() {
    let mut w = enrolled();
    for evidence in
        [Evidence::NotEvaluated, Evidence::Code { matches: true }, Evidence::RecoveryCode { index: Some(0) }]
    {
        let command = CommandKind::Verify { attempt: direct(), evidence, recovery: Vec::new() };
        assert_eq!(rejected(&w.run(command)), Some(FailureReason::WrongCode), "{evidence:?}");
    }
    let command = |index| CommandKind::Verify {
        attempt: direct_recovery(),
        evidence: Evidence::RecoveryCode { index: Some(index) },
        recovery: Vec::new(),
    };
    assert_eq!(rejected(&w.run(command(200))), Some(FailureReason::WrongCode), "an index that is not there");
}

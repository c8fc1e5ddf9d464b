//! Invariant 3 and C25: the budget is per factor, and nothing but a success of that factor or a helper resets it.

use super::*;
use crate::settings::PolicyMode;

fn three_methods() -> World {
    let mut world = World::new(everything());
    for method in Method::ALL {
        world.enrol(method);
    }
    world
}

fn failures(world: &World, kind: FactorKind) -> u32 {
    world.user.budgets.of(kind).failures
}

#[test]
fn invariant_3_five_wrong_codes_lock_and_while_locked_nothing_is_evaluated_or_recorded() {
    let mut w = three_methods();
    w.fail(&direct(), 4);
    let last = w.try_code(&direct(), &Typed::Nonsense).expect("counted");
    assert_eq!(names(&last), ["verification.failed", "factor.locked"]);
    let until = w.now.plus_secs(30);
    let locked = Some(Some(until));
    let reason = FailureReason::WrongCode;
    let kind = FactorKind::Totp;
    assert_eq!(last.outcome, Outcome::Rejected { reason, kind, attempts_left: Some(0), locked });
    let (state, events) = (w.user.clone(), w.log.len());
    let right = w.app(0);
    let refusal = Refusal::Locked { kind: FactorKind::Totp, until: Some(until) };
    assert_eq!(gate(&w.user, &w.settings, &direct(), w.now), Err(refusal.clone()), "nothing to look at");
    assert_eq!(w.try_code(&direct(), &right), Err(refusal.clone()));
    let unasked = CommandKind::Verify {
        attempt: direct(),
        evidence: Evidence::Totp { step: Some(w.step()), drift_steps: None },
        recovery: Vec::new(),
    };
    assert_eq!(w.run(unasked), Err(refusal), "not even when it was evaluated all the same");
    assert_eq!((w.user.clone(), w.log.len()), (state, events));
    w.pass(30);
    let right = w.app(0);
    assert!(verified(&w.try_code(&direct(), &right)));
    assert_eq!(failures(&w, FactorKind::Totp), 0);
}

#[test]
fn invariant_3_a_replayed_code_counts_like_a_wrong_one() {
    let mut w = three_methods();
    let code = w.app(0);
    assert!(verified(&w.try_code(&direct(), &code)));
    for n in 1..=5 {
        assert_eq!(rejected(&w.try_code(&direct(), &code)), Some(FailureReason::AlreadyUsed));
        assert_eq!(failures(&w, FactorKind::Totp), n);
    }
    assert!(matches!(w.try_code(&direct(), &code), Err(Refusal::Locked { .. })));
}

#[test]
fn invariant_3_a_lock_covers_challenges_set_ups_and_expired_targets_too() {
    let mut w = three_methods();
    let challenge = w.login();
    w.fail(&direct(), 5);
    let locked = |r: Result<Decision, Refusal>| matches!(r, Err(Refusal::Locked { kind: FactorKind::Totp, .. }));
    let right = w.app(0);
    assert!(locked(w.try_code(&inside(&challenge), &right)));
    w.now = w.now.plus_secs(20);
    w.user.challenges.iter_mut().for_each(|c| c.expires_at = START);
    assert!(locked(w.try_code(&inside(&challenge), &Typed::Nonsense)), "no event for an expired one either");

    let mut w = World::new(everything());
    w.start(Method::Totp, None).expect("starts");
    for _ in 0..5 {
        assert!(rejected(&w.confirm(&Typed::Nonsense)).is_some());
    }
    let right = w.of_enrolment();
    assert!(locked(w.confirm(&right)));
}

#[test]
fn invariant_3_resend_new_challenges_other_factors_and_policies_reset_nothing() {
    let mut w = three_methods();
    let email = Some(Method::Email);
    let first = w.open(Purpose::Login, email).expect("opens").challenge.expect("challenge");
    w.fail(&inside(&first), 2);
    w.pass(30);
    w.run(CommandKind::ResendChallengeCode { challenge: first.clone() }).expect("resent");
    w.fail(&inside(&first), 1);
    w.pass(30);
    let second = w.open(Purpose::Login, email).expect("opens").challenge.expect("challenge");
    assert_ne!(first, second);
    assert_eq!(failures(&w, FactorKind::Email), 3);

    let code = w.app(0);
    assert!(verified(&w.try_code(&direct(), &code)));
    let code = w.recovery_code(0);
    assert!(verified(&w.try_code(&direct_recovery(), &code)));
    assert_eq!(failures(&w, FactorKind::Email), 3, "another factor's success");

    for policy in [PolicyMode::Off, PolicyMode::Required, PolicyMode::Optional] {
        w.settings.policy = policy;
    }
    w.use_2fa(true);
    w.pass(30);
    let third = w.open(Purpose::Reauth, email).expect("opens").challenge.expect("challenge");
    let attempt = Attempt { purpose: Purpose::Reauth, ..inside(&third) };
    w.fail(&attempt, 1);
    assert_eq!(failures(&w, FactorKind::Email), 4, "another purpose");
    w.fail(&attempt, 1);
    let right = w.sent(&third);
    let locked = w.try_code(&attempt, &right);
    assert!(matches!(locked, Err(Refusal::Locked { kind: FactorKind::Email, .. })));
    assert_eq!(w.replayed(), w.user);
}

#[test]
fn invariant_3_disabling_and_setting_up_again_is_no_way_around_a_lock() {
    let mut w = World::new(Settings::default());
    w.enrol(Method::Totp);
    w.fail(&direct(), 5);
    w.disable().expect("disabled");
    w.start(Method::Totp, None).expect("starts");
    let right = w.of_enrolment();
    assert!(matches!(w.confirm(&right), Err(Refusal::Locked { .. })));
}

#[test]
fn c25_a_locked_factor_leaves_the_others_and_the_recovery_codes_working() {
    let mut w = three_methods();
    let challenge = w.login();
    w.fail(&inside(&challenge), 5);
    let code = w.recovery_code(1);
    let by_code = Attempt { kind: Some(FactorKind::RecoveryCode), ..inside(&challenge) };
    assert!(verified(&w.try_code(&by_code, &code)), "in the same challenge");
    let sms = w.open(Purpose::Login, Some(Method::Sms)).expect("opens").challenge.expect("challenge");
    let code = w.sent(&sms);
    assert!(verified(&w.try_code(&inside(&sms), &code)));
    assert_eq!(failures(&w, FactorKind::Totp), 5);
}

#[test]
fn c1_fifty_in_a_row_stop_hard_until_somebody_unlocks() {
    let mut w = three_methods();
    for _ in 0..10 {
        w.fail(&direct(), 5);
        w.pass(3600);
    }
    w.pass(1_000_000);
    let code = w.app(0);
    let stopped = Err(Refusal::Locked { kind: FactorKind::Totp, until: None });
    assert_eq!(w.try_code(&direct(), &code), stopped);
    let unlocked = w.run_as(SUPPORT, CommandKind::Unlock { kind: Some(FactorKind::Totp) }).expect("unlocked");
    assert_eq!(names(&unlocked), ["factor.unlocked"]);
    assert!(verified(&w.try_code(&direct(), &code)));
    let again = w.run_as(SUPPORT, CommandKind::Unlock { kind: None }).expect("nothing to do");
    assert!(again.events.is_empty());
}

#[test]
fn a_locked_factor_is_sent_nothing() {
    let mut w = three_methods();
    let email = Some(Method::Email);
    let challenge = w.open(Purpose::Login, email).expect("opens").challenge.expect("challenge");
    w.fail(&inside(&challenge), 5);
    w.pass(29);
    let resend = w.run(CommandKind::ResendChallengeCode { challenge });
    assert!(matches!(resend, Err(Refusal::Locked { kind: FactorKind::Email, .. })));
    w.settings.codes.resend_after_secs = 10;
    let secret = w.secret();
    let open = CommandKind::OpenChallenge { purpose: Purpose::Login, method: email, secret, entered: None };
    let opened = w.run(open).expect("a page to try a recovery code on");
    assert!(opened.deliveries.is_empty());
    let Outcome::Challenge(ChallengeAnswer { challenge: Some(silent), .. }) = opened.outcome else { panic!("opened") };
    w.pass(1);
    let nothing_sent = w.try_code(&inside(&silent), &Typed::Nonsense);
    assert_eq!(nothing_sent, Err(Refusal::WrongTarget));
    w.pass(30);
    w.run(CommandKind::ResendChallengeCode { challenge: silent.clone() }).expect("sent now");
    let code = w.sent(&silent);
    assert!(verified(&w.try_code(&inside(&silent), &code)));
}

#[test]
fn what_cannot_be_right_any_more_is_recorded_but_not_counted() {
    let mut w = three_methods();
    let challenge = w.login();
    w.pass(901);
    for _ in 0..6 {
        let late = w.try_code(&inside(&challenge), &Typed::Nonsense).expect("recorded");
        assert_eq!(names(&late), ["verification.failed"]);
        let (reason, kind) = (FailureReason::Expired, FactorKind::Totp);
        assert_eq!(late.outcome, Outcome::Rejected { reason, kind, attempts_left: None, locked: None });
    }
    assert_eq!(failures(&w, FactorKind::Totp), 0);
}

#[test]
fn a_reset_by_a_helper_lifts_locks_and_one_by_the_user_does_not() {
    let mut w = three_methods();
    w.fail(&direct(), 5);
    let mut by_user = w.clone();
    by_user.reset().expect("reset");
    assert_eq!(failures(&by_user, FactorKind::Totp), 5);
    let done = w.run_as(SUPPORT, CommandKind::Reset { reauth: ReauthProof::default() }).expect("reset");
    assert_eq!(names(&done), ["two_factor.reset", "factor.unlocked"]);
    assert_eq!(failures(&w, FactorKind::Totp), 0);
}

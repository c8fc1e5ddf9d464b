//! C14: the five rules of re-authentication, for each kind of change.

use super::*;
use crate::settings::ReauthRule;

fn enrolled(rule: ReauthRule) -> World {
    let mut world = World::new(everything());
    world.enrol(Method::Totp);
    world.settings.reauth.disable = rule;
    world.settings.reauth.reset = rule;
    world.settings.reauth.regenerate = rule;
    world
}

fn by_code(world: &World, typed: &Typed) -> ReauthProof {
    let attempt = Attempt { purpose: Purpose::Reauth, ..direct() };
    let evidence = look(&gate(&world.user, &world.settings, &attempt, world.now).expect("open"), typed);
    ReauthProof { code: Some((attempt, evidence)), ..ReauthProof::default() }
}

fn changes(world: &mut World, reauth: &ReauthProof) -> Vec<CommandKind> {
    let session = ReauthProof { session_verified: true, ..reauth.clone() };
    let recovery = world.hashes();
    vec![
        CommandKind::Disable { reauth: reauth.clone() },
        CommandKind::Reset { reauth: session.clone() },
        CommandKind::ResetAuthenticator { reauth: session },
        CommandKind::RegenerateRecoveryCodes { reauth: reauth.clone(), recovery },
    ]
}

#[test]
fn c14_each_rule_accepts_what_it_asks_for_and_nothing_less() {
    use ReauthRule::{Code, Confirm, None as Nothing, Password, PasswordAndCode};
    let table = [
        // rule, nothing, confirmed, password, code, password and code
        (Nothing, [true, true, true, true, true]),
        (Confirm, [false, true, true, true, true]),
        (Password, [false, false, true, false, true]),
        (Code, [false, false, false, true, true]),
        (PasswordAndCode, [false, false, false, false, true]),
    ];
    for (rule, accepted) in table {
        let w = enrolled(rule);
        let password_at = Some(w.now);
        let code = by_code(&w, &w.app(0));
        let proofs = [
            ReauthProof::default(),
            ReauthProof { confirmed: true, ..ReauthProof::default() },
            ReauthProof { password_at, ..ReauthProof::default() },
            code.clone(),
            ReauthProof { password_at, ..code },
        ];
        for (proof, accepted) in proofs.iter().zip(accepted) {
            for change in changes(&mut w.clone(), proof) {
                assert_eq!(reauth_rule(&change, &w.settings), rule);
                let result = w.clone().run(change);
                assert_eq!(result.is_ok(), accepted, "{rule:?} {proof:?}");
                assert!(accepted || result == Err(Refusal::ReauthRequired(rule)));
            }
        }
    }
}

#[test]
fn s3_03_s3_08_the_login_password_before_enabling_and_disabling() {
    let mut w = World::of(Preset::Ipserverone);
    let secret = w.secret();
    let start = |secret: &Sealed, reauth| CommandKind::StartEnrolment {
        method: Method::Totp,
        secret: secret.clone(),
        entered: None,
        reauth,
    };
    let confirmed = ReauthProof { confirmed: true, ..ReauthProof::default() };
    let refusal = Err(Refusal::ReauthRequired(ReauthRule::Password));
    assert_eq!(w.run(start(&secret, confirmed.clone())), refusal);
    w.enrol(Method::Totp);
    assert_eq!(w.run(CommandKind::Disable { reauth: confirmed }), refusal);
    w.disable().expect("with the password");
}

#[test]
fn c14_a_vouched_password_check_is_good_for_its_time_only() {
    let w = enrolled(ReauthRule::Password);
    for (seconds_ago, good) in [(0, true), (300, true), (301, false), (-30, true), (-31, false)] {
        let mut once = w.clone();
        once.pass(1000);
        let password_at = Some(Timestamp(once.now.as_millis() - seconds_ago * 1000));
        let result = once.run(CommandKind::Disable { reauth: ReauthProof { password_at, ..ReauthProof::default() } });
        assert_eq!(result.is_ok(), good, "{seconds_ago}");
        assert!(good || result == Err(Refusal::PasswordCheckStale));
    }
}

#[test]
fn c14_a_wrong_code_is_recorded_and_the_change_is_not_made() {
    let mut w = enrolled(ReauthRule::Code);
    for n in 1..=5 {
        let reauth = by_code(&w, &Typed::Nonsense);
        let result = w.run(CommandKind::Disable { reauth });
        assert_eq!(rejected(&result), Some(FailureReason::WrongCode));
        assert_eq!(w.user.budgets.of(FactorKind::Totp).failures, n);
        assert_eq!(w.user.use_2fa, Some(true));
    }
    let attempt = Attempt { purpose: Purpose::Reauth, ..direct() };
    let evidence = Evidence::Totp { step: Some(w.step()), drift_steps: None };
    let reauth = ReauthProof { code: Some((attempt, evidence)), ..ReauthProof::default() };
    assert!(matches!(w.run(CommandKind::Disable { reauth }), Err(Refusal::Locked { .. })), "one budget for all");
}

#[test]
fn c14_a_recovery_code_confirms_a_change_and_is_spent() {
    let mut w = enrolled(ReauthRule::Code);
    let attempt = Attempt { purpose: Purpose::Reauth, ..direct_recovery() };
    let reauth = ReauthProof {
        code: Some((attempt, Evidence::RecoveryCode { index: Some(0) })),
        session_verified: true,
        ..ReauthProof::default()
    };
    let done = w.run(CommandKind::ResetAuthenticator { reauth: reauth.clone() }).expect("confirmed");
    assert_eq!(names(&done), ["verification.succeeded", "authenticator.reset"]);
    assert_eq!(w.user.recovery_codes_left(), 9);
    w.enrol(Method::Totp);
    assert_eq!(rejected(&w.run(CommandKind::ResetAuthenticator { reauth })), Some(FailureReason::WrongCode));
}

#[test]
fn c15_a_change_that_is_refused_spends_no_code() {
    let mut w = enrolled(ReauthRule::Code);
    w.may_toggle(false);
    let code = w.app(0);
    let reauth = by_code(&w, &code);
    let events = w.log.len();
    assert!(matches!(w.run(CommandKind::Disable { reauth }), Err(Refusal::NotPermitted(_))));
    assert_eq!(w.log.len(), events);
    assert!(verified(&w.try_code(&direct(), &code)));
}

#[test]
fn c14_others_are_not_asked_for_the_users_proof() {
    for actor in [admin_of(1), SUPPORT, Actor::System] {
        let mut w = enrolled(ReauthRule::PasswordAndCode);
        w.run_as(actor, CommandKind::Disable { reauth: ReauthProof::default() }).expect("their panel answers for them");
    }
}

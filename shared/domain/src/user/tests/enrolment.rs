//! Set-up of a factor: S0, S3, S4.

use super::*;

#[test]
fn s0_03_set_up_from_the_profile_page_and_s0_06_recovery_codes_with_the_first_factor() {
    let mut w = World::of(Preset::Ipi);
    w.start(Method::Totp, None).expect("starts");
    let code = w.of_enrolment();
    let done = w.confirm(&code).expect("confirmed");
    assert_eq!(names(&done), ["enrolment.confirmed", "two_factor.enabled", "recovery_codes.generated"]);
    assert!(matches!(done.outcome, Outcome::Verified { recovery_issued: true, enrolled: Some(Method::Totp), .. }));
    assert_eq!(w.user.recovery_codes_left(), 10, "S0-08");
    assert_eq!(w.requirement(), LoginRequirement::CodeRequired(vec![Method::Totp]));
}

#[test]
fn s0_05_two_generators_with_the_same_secret_are_one_factor() {
    let mut w = World::of(Preset::Ipi);
    w.enrol(Method::Totp);
    let (phone, hardware_key) = (w.app(0), w.app(0));
    assert!(verified(&w.try_code(&direct(), &phone)));
    w.pass(30);
    assert_eq!(rejected(&w.try_code(&direct(), &hardware_key)), Some(FailureReason::AlreadyUsed));
    let hardware_key = w.app(0);
    assert!(verified(&w.try_code(&direct(), &hardware_key)));
}

#[test]
fn s0_09_a_recovery_code_lets_the_user_in() {
    let mut w = World::of(Preset::Ipi);
    w.enrol(Method::Totp);
    let challenge = w.login();
    let attempt = Attempt { kind: Some(FactorKind::RecoveryCode), ..inside(&challenge) };
    let code = w.recovery_code(0);
    assert!(verified(&w.try_code(&attempt, &code)));
    assert_eq!(w.user.challenge(&challenge).expect("known").closed, Some(Closed::Verified));
}

#[test]
fn s3_02_to_s3_06_all_three_methods_with_registered_destinations() {
    for (method, to) in [(Method::Totp, None), (Method::Email, Some(1)), (Method::Sms, Some(2))] {
        let mut w = World::of(Preset::Ipserverone);
        let started = w.start(method, None).expect("starts");
        let sent: Vec<Destination> = started.deliveries.iter().map(|d| d.destination.clone()).collect();
        assert_eq!(sent, to.map(destination).into_iter().collect::<Vec<_>>(), "{method:?}");
        let code = w.of_enrolment();
        let done = w.confirm(&code).expect("confirmed");
        assert_eq!(names(&done), ["enrolment.confirmed", "two_factor.enabled"], "no recovery codes");
        assert_eq!(w.requirement(), LoginRequirement::CodeRequired(vec![method]), "S3-07, S3-10");
    }
}

#[test]
fn s3_05_only_the_registered_address() {
    let mut w = World::of(Preset::Ipserverone);
    let other = w.start(Method::Email, Some(destination(9)));
    assert_eq!(other, Err(Refusal::DestinationNotAllowed(Method::Email)));
    w.start(Method::Email, Some(destination(1))).expect("naming the registered one is harmless");
    w.put(ProfilePatch { phone: Patch::Clear, ..profile_patch() });
    assert_eq!(w.start(Method::Sms, None), Err(Refusal::DestinationNotRegistered(Method::Sms)));
}

#[test]
fn s4_08_to_s4_11_the_user_enters_the_destination_and_proves_it() {
    for method in [Method::Email, Method::Sms] {
        let mut w = World::of(Preset::Hostkey);
        assert_eq!(w.start(method, None), Err(Refusal::DestinationRequired(method)));
        let started = w.start(method, Some(destination(9))).expect("starts");
        assert_eq!(started.deliveries[0].destination, destination(9));
        assert_eq!(w.requirement(), LoginRequirement::SetupOffered { until: None }, "S4-09: not before it is proved");
        assert_eq!(rejected(&w.confirm(&Typed::Nonsense)), Some(FailureReason::WrongCode));
        let code = w.of_enrolment();
        assert!(verified(&w.confirm(&code)));
        assert_eq!(w.requirement(), LoginRequirement::CodeRequired(vec![method]));
        w.pass(60);
        let challenge = w.login();
        let code = w.sent(&challenge);
        assert!(verified(&w.try_code(&inside(&challenge), &code)), "S4-14");
    }
}

#[test]
fn s4_07_no_recovery_codes_no_self_reset_only_support() {
    let mut w = World::of(Preset::Hostkey);
    let done = w.enrol(Method::Totp);
    assert!(matches!(done.outcome, Outcome::Verified { recovery_issued: false, .. }));
    assert_eq!(w.try_code(&direct_recovery(), &Typed::Nonsense), Err(Refusal::NoRecoveryCodes));
    assert!(matches!(w.reset(), Err(Refusal::NotPermitted(_))));
    let reauth = ReauthProof::default();
    let by_admin = w.run_as(admin_of(1), CommandKind::Reset { reauth: reauth.clone() });
    assert_eq!(by_admin, Err(Refusal::PathClosed(crate::settings::RecoveryPath::AccountAdmin)));
    w.run_as(SUPPORT, CommandKind::Reset { reauth }).expect("S4-12: support");
}

#[test]
fn s4_13_disable_erases_what_was_set_up() {
    let mut w = World::of(Preset::Hostkey);
    w.enrol(Method::Totp);
    w.disable().expect("disabled");
    assert!(w.user.factors.is_empty());
    assert_eq!(w.requirement(), LoginRequirement::NotRequired(NotRequired::NotEnabled), "not invited again");
}

#[test]
fn an_either_destination_is_the_entered_one_if_there_is_one() {
    let mut w = World::new(everything());
    w.settings.destination.source = crate::settings::DestinationSource::Either;
    let started = w.start(Method::Email, None).expect("starts");
    assert_eq!(started.deliveries[0].destination, destination(1));
    w.pass(30);
    let started = w.start(Method::Email, Some(destination(9))).expect("starts");
    assert_eq!(started.deliveries[0].destination, destination(9));
}

#[test]
fn a_newer_set_up_supersedes_an_older_one_and_an_old_one_expires() {
    let mut w = World::new(everything());
    w.start(Method::Totp, None).expect("starts");
    let first = w.user.enrolment.clone().expect("set-up");
    w.start(Method::Totp, None).expect("starts");
    let confirm =
        CommandKind::ConfirmEnrolment { enrolment: first.id, evidence: Evidence::NotEvaluated, recovery: Vec::new() };
    assert_eq!(w.run(confirm), Err(Refusal::EnrolmentNotFound));
    let code = w.of_enrolment();
    w.pass(1800);
    assert_eq!(rejected(&w.confirm(&code)), Some(FailureReason::Expired));
}

#[test]
fn a_factor_keeps_its_parameters_when_the_settings_change() {
    let mut w = World::new(Settings::default());
    w.enrol(Method::Totp);
    w.settings.totp.period_secs = 60;
    w.settings.totp.digits = 8;
    let FactorDetail::Totp { params, .. } = &w.user.factors[0].detail else { panic!("totp") };
    assert_eq!((params.period_secs, params.digits), (30, 6));
}

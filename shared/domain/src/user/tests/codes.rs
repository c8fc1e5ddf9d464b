//! C9 and C23: a sent code is bound to user, purpose, challenge and destination, and a newer one voids it.

use super::*;

fn with_email(source_entered: bool) -> World {
    let mut settings = everything();
    if source_entered {
        settings.destination.source = crate::settings::DestinationSource::Entered;
    }
    let mut world = World::new(settings);
    world.enrol(Method::Email);
    world
}

fn reauth(challenge: &ChallengeId) -> Attempt {
    Attempt { purpose: Purpose::Reauth, ..inside(challenge) }
}

#[test]
fn c9_changing_the_destination_voids_the_code() {
    let mut w = with_email(false);
    let challenge = w.login();
    let code = w.sent(&challenge);
    w.put(ProfilePatch { email: Patch::Set(destination(7)), ..profile_patch() });
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &code)), Some(FailureReason::Superseded));
    w.pass(30);
    let secret = w.secret();
    let open = CommandKind::OpenChallenge { purpose: Purpose::Login, method: None, secret, entered: None };
    assert_eq!(
        w.run(open).expect("opens").deliveries[0].destination,
        destination(7),
        "S3-05: the registered one of now"
    );
}

#[test]
fn c9_changing_the_registered_address_leaves_an_entered_one_alone() {
    let mut w = with_email(true);
    let challenge = w.login();
    let code = w.sent(&challenge);
    w.put(ProfilePatch { email: Patch::Set(destination(7)), ..profile_patch() });
    assert!(verified(&w.try_code(&inside(&challenge), &code)));
}

#[test]
fn c9_changing_the_destination_during_set_up_voids_the_code() {
    let mut w = World::new(everything());
    w.start(Method::Sms, None).expect("starts");
    let code = w.of_enrolment();
    w.put(ProfilePatch { phone: Patch::Set(destination(8)), ..profile_patch() });
    assert_eq!(rejected(&w.confirm(&code)), Some(FailureReason::Superseded));
    w.pass(30);
    let enrolment = w.user.enrolment.as_ref().expect("set-up").id.clone();
    let resent = w.run(CommandKind::ResendEnrolmentCode { enrolment }).expect("to the new one");
    assert_eq!(resent.deliveries[0].destination, destination(8));
    let code = w.of_enrolment();
    assert!(verified(&w.confirm(&code)));
}

#[test]
fn c9_the_code_of_one_challenge_is_not_usable_in_another() {
    let mut w = with_email(false);
    let first = w.login();
    let old = w.sent(&first);
    w.pass(30);
    let second = w.login();
    assert_eq!(rejected(&w.try_code(&inside(&second), &old)), Some(FailureReason::WrongCode));
    assert_eq!(rejected(&w.try_code(&inside(&first), &old)), Some(FailureReason::Superseded));
    let new = w.sent(&second);
    assert!(verified(&w.try_code(&inside(&second), &new)));
}

#[test]
fn c9_a_code_that_confirms_a_change_cannot_log_in_nor_the_other_way_round() {
    let mut w = with_email(false);
    let change = w.open(Purpose::Reauth, None).expect("opens").challenge.expect("challenge");
    let login = w.login();
    let (for_change, for_login) = (w.sent(&change), w.sent(&login));
    assert_eq!(w.try_code(&inside(&change), &for_change), Err(Refusal::ChallengeNotFound), "asked as a login");
    assert_eq!(w.try_code(&reauth(&login), &for_login), Err(Refusal::ChallengeNotFound), "asked as a change");
    assert_eq!(rejected(&w.try_code(&inside(&login), &for_change)), Some(FailureReason::WrongCode));

    w.settings.reauth.disable = crate::settings::ReauthRule::Code;
    let right = Evidence::Code { matches: true };
    for (attempt, refusal) in [(inside(&login), Refusal::WrongTarget), (reauth(&login), Refusal::ChallengeNotFound)] {
        let reauth = ReauthProof { code: Some((attempt, right)), ..ReauthProof::default() };
        assert_eq!(w.run(CommandKind::Disable { reauth }), Err(refusal));
    }
    let proof = ReauthProof { code: Some((reauth(&change), right)), ..ReauthProof::default() };
    let done = w.run(CommandKind::Disable { reauth: proof }).expect("the right one");
    assert_eq!(names(&done), ["verification.succeeded", "two_factor.disabled"]);
}

#[test]
fn c9_the_code_of_an_unfinished_set_up_neither_logs_in_nor_confirms_a_change() {
    for method in Method::ALL {
        let mut w = World::new(everything());
        w.enrol(if method == Method::Email { Method::Sms } else { Method::Email });
        w.start(method, None).expect("starts");
        let typed = w.of_enrolment();
        let target = Target::Enrolment(w.user.enrolment.as_ref().expect("set-up").id.clone());
        for purpose in [Purpose::Login, Purpose::Reauth, Purpose::Enrolment] {
            let attempt = Attempt { target: target.clone(), purpose, kind: None };
            assert_eq!(w.try_code(&attempt, &typed), Err(Refusal::WrongTarget), "{method:?} {purpose:?}");
            w.settings.reauth.disable = crate::settings::ReauthRule::Code;
            let evidence = look(&gate(&w.user, &w.settings, &attempt, w.now).expect("open"), &typed);
            let reauth = ReauthProof { code: Some((attempt, evidence)), ..ReauthProof::default() };
            assert_eq!(w.run(CommandKind::Disable { reauth }), Err(Refusal::WrongTarget));
        }
        assert!(verified(&w.confirm(&typed)), "it is still good for what it is for");
    }
}

#[test]
fn c5_a_code_dies_after_its_life() {
    let mut w = with_email(false);
    let challenge = w.login();
    let code = w.sent(&challenge);
    w.pass(299);
    let mut just = w.clone();
    assert!(verified(&just.try_code(&inside(&challenge), &code)));
    w.pass(1);
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &code)), Some(FailureReason::Expired));
}

#[test]
fn c23_resend_after_30_s_makes_a_new_code_and_voids_the_old_one() {
    let mut w = with_email(false);
    let challenge = w.login();
    let old = w.sent(&challenge);
    w.pass(29);
    let early = w.run(CommandKind::ResendChallengeCode { challenge: challenge.clone() });
    assert_eq!(early, Err(Refusal::ResendTooSoon { at: w.now.plus_secs(1) }));
    w.pass(1);
    w.run(CommandKind::ResendChallengeCode { challenge: challenge.clone() }).expect("resent");
    let new = w.sent(&challenge);
    assert_ne!(old, new);
    assert_eq!(rejected(&w.try_code(&inside(&challenge), &old)), Some(FailureReason::WrongCode));
    assert!(verified(&w.try_code(&inside(&challenge), &new)));
}

#[test]
fn c23_one_outstanding_code_per_purpose_also_after_a_resend_into_an_older_challenge() {
    let mut w = World::new(everything());
    w.enrol(Method::Email);
    // Opened while locked: without a code.
    let locking = w.login();
    w.fail(&inside(&locking), 5);
    w.pass(29);
    w.settings.codes.resend_after_secs = 10;
    let silent = w.login();
    w.pass(31);
    let loud = w.login();
    let loud_code = w.sent(&loud);
    w.pass(30);
    w.run(CommandKind::ResendChallengeCode { challenge: silent.clone() }).expect("resent");
    assert_eq!(rejected(&w.try_code(&inside(&loud), &loud_code)), Some(FailureReason::Superseded));
    let code = w.sent(&silent);
    assert!(verified(&w.try_code(&inside(&silent), &code)));
}

#[test]
fn a_reloaded_page_gets_the_challenge_whose_code_is_on_its_way() {
    let mut w = with_email(false);
    let (first, events) = (w.login(), w.log.len());
    assert_eq!(w.login(), first);
    assert_eq!(w.log.len(), events);

    let mut w = World::new(everything());
    w.settings.methods.allowed = [Method::Email].into();
    w.use_2fa(true);
    let (first, events) = (w.login(), w.log.len());
    assert_eq!(w.login(), first, "a set-up page alike");
    assert_eq!(w.log.len(), events);
    w.pass(30);
    assert_ne!(w.login(), first);
}

#[test]
fn a_code_that_set_a_method_up_ends_the_resend_interval() {
    let mut w = World::new(everything());
    w.start(Method::Email, None).expect("starts");
    let code = w.of_enrolment();
    assert!(verified(&w.confirm(&code)));
    w.start(Method::Sms, None).expect("at once");
}

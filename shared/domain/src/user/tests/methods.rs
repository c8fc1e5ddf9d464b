//! How many methods, and how to change from one to another: S3-09, S4-02.

use super::*;
use crate::settings::MethodSwitch;

fn active(world: &World) -> Vec<Method> {
    world.user.active_factors(&world.settings).iter().map(Factor::method).collect()
}

fn atomic(max_active: u8) -> World {
    let mut settings = everything();
    settings.methods.switch = MethodSwitch::ReplaceAtomically;
    settings.methods.max_active = max_active;
    World::new(settings)
}

#[test]
fn s3_09_changing_the_method_needs_disabling_first() {
    let mut w = World::of(Preset::Ipserverone);
    w.enrol(Method::Totp);
    for method in Method::ALL {
        assert_eq!(w.start(method, None), Err(Refusal::DisableFirst));
    }
    w.disable().expect("disabled");
    w.enrol(Method::Sms);
    assert_eq!(active(&w), [Method::Sms]);
}

#[test]
fn s4_02_exactly_one_method_at_a_time_also_when_two_set_ups_race() {
    let mut w = World::of(Preset::Hostkey);
    w.start(Method::Totp, None).expect("starts");
    let code = w.of_enrolment();
    let (pending, now) = (w.user.enrolment.clone(), w.now);
    w.pass(1);
    w.enrol(Method::Email);
    // As if the first set-up had survived: room is looked for once more when it is confirmed.
    w.user.enrolment = pending;
    w.now = now;
    assert_eq!(w.confirm(&code), Err(Refusal::DisableFirst));
    assert_eq!(active(&w), [Method::Email]);
}

#[test]
fn replace_atomically_the_old_factor_goes_in_the_commit_that_confirms_the_new_one() {
    let mut w = atomic(1);
    w.enrol(Method::Totp);
    let old = w.app(0);
    w.start(Method::Email, None).expect("starts");
    assert_eq!(active(&w), [Method::Totp], "until it is confirmed");
    let code = w.of_enrolment();
    let done = w.confirm(&code).expect("confirmed");
    assert_eq!(names(&done), ["factor.replaced", "enrolment.confirmed"]);
    assert_eq!(active(&w), [Method::Email]);
    assert_eq!(w.try_code(&direct(), &old), Err(Refusal::NotEnrolled));
}

#[test]
fn replace_atomically_the_same_method_with_a_new_secret() {
    let mut w = atomic(1);
    w.enrol(Method::Totp);
    let old = w.app(1);
    let done = w.enrol(Method::Totp);
    assert_eq!(names(&done), ["factor.replaced", "enrolment.confirmed"]);
    assert_eq!(rejected(&w.try_code(&direct(), &old)), Some(FailureReason::WrongCode));
}

#[test]
fn max_active_2_and_3_add_until_full() {
    for max_active in [2, 3] {
        let mut w = World::new(everything());
        w.settings.methods.max_active = max_active;
        let (fit, surplus) = Method::ALL.split_at(usize::from(max_active));
        for method in fit {
            w.enrol(*method);
        }
        assert_eq!(active(&w), fit);
        assert_eq!(w.requirement(), LoginRequirement::CodeRequired(fit.to_vec()));
        for method in surplus.iter().chain(&fit[..1]) {
            assert_eq!(w.start(*method, None), Err(Refusal::TooManyFactors));
        }
    }
    let mut w = World::new(everything());
    w.enrol(Method::Totp);
    assert_eq!(w.start(Method::Totp, None), Err(Refusal::AlreadyEnrolled));
}

#[test]
fn max_active_2_replacing_takes_no_more_than_it_must() {
    let mut w = atomic(2);
    w.enrol(Method::Totp);
    w.enrol(Method::Email);
    w.enrol(Method::Totp);
    assert_eq!(active(&w), [Method::Email, Method::Totp], "the same method: the other one stays");
    w.enrol(Method::Sms);
    assert_eq!(active(&w), [Method::Totp, Method::Sms], "full: the longest-enrolled one goes");
    w.settings.methods.max_active = 1;
    w.enrol(Method::Email);
    assert_eq!(active(&w), [Method::Email], "a lower limit is kept from the next change on");
}

#[test]
fn max_active_3_the_user_chooses_the_method_at_login() {
    let mut w = atomic(3);
    for method in Method::ALL {
        w.enrol(method);
    }
    for method in [Method::Email, Method::Sms] {
        let answer = w.open(Purpose::Login, Some(method)).expect("opens");
        let challenge = answer.challenge.expect("challenge");
        let by_app = w.app(0);
        let wrong_kind = Attempt { kind: Some(FactorKind::Totp), ..inside(&challenge) };
        assert_eq!(w.try_code(&wrong_kind, &by_app), Err(Refusal::WrongTarget));
        let code = w.sent(&challenge);
        assert!(verified(&w.try_code(&inside(&challenge), &code)));
    }
    let direct_email = Attempt { kind: Some(FactorKind::Email), ..direct() };
    assert_eq!(w.try_code(&direct_email, &Typed::Nonsense), Err(Refusal::WrongTarget), "C9: no challenge, no code");
}

#[test]
fn a_method_the_tenant_does_not_allow_or_cannot_send_by_is_refused() {
    let mut w = World::new(Settings::default());
    assert_eq!(w.start(Method::Sms, None), Err(Refusal::MethodNotAllowed(Method::Sms)));
    w.settings = everything();
    w.channels = ChannelsReady { email: true, sms: false };
    assert_eq!(w.start(Method::Sms, None), Err(Refusal::ChannelNotConfigured(crate::Channel::Sms)));
    w.enrol(Method::Email);
    w.channels.email = false;
    let open = w.open(Purpose::Login, None);
    assert_eq!(open, Err(Refusal::ChannelNotConfigured(crate::Channel::Email)), "never silently let in");
}

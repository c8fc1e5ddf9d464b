//! Every refusal there is, from a command that gets it.

use std::collections::BTreeSet;

use super::*;
use crate::settings::{PolicyMode, RecoveryPath};

/// Its place in the list; a new refusal breaks the build here and so asks for a command that gets it.
fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::UserNotFound => 0,
        Refusal::UserErased => 1,
        Refusal::EnrolmentNotFound => 2,
        Refusal::ChallengeNotFound => 3,
        Refusal::Expired => 4,
        Refusal::AlreadyClosed => 5,
        Refusal::WrongTarget => 6,
        Refusal::Locked { .. } => 7,
        Refusal::NotEnrolled => 8,
        Refusal::NoRecoveryCodes => 9,
        Refusal::NotPermitted(_) => 10,
        Refusal::NotAccountAdmin => 11,
        Refusal::PathClosed(_) => 12,
        Refusal::ReasonRequired => 13,
        Refusal::ReauthRequired(_) => 14,
        Refusal::VerifiedSessionRequired => 15,
        Refusal::PasswordCheckStale => 16,
        Refusal::PolicyOff => 17,
        Refusal::PolicyRequires => 18,
        Refusal::EnrolAtLogin => 19,
        Refusal::MethodNotAllowed(_) => 20,
        Refusal::DisableFirst => 21,
        Refusal::TooManyFactors => 22,
        Refusal::AlreadyEnrolled => 23,
        Refusal::ChannelNotConfigured(_) => 24,
        Refusal::DestinationNotRegistered(_) => 25,
        Refusal::DestinationRequired(_) => 26,
        Refusal::DestinationNotAllowed(_) => 27,
        Refusal::ResendTooSoon { .. } => 28,
        Refusal::NotEnabled => 29,
    }
}

type Given = (&'static str, fn() -> Result<Decision, Refusal>);

fn enrolled(method: Method) -> World {
    let mut world = World::new(everything());
    world.enrol(method);
    world
}

fn unit<T>(result: Result<T, Refusal>) -> Result<Decision, Refusal> {
    Err(result.map(|_| ()).expect_err("is refused"))
}

const GIVEN: &[Given] = &[
    ("unknown user", || World::unknown(everything()).try_code(&direct(), &Typed::Nonsense)),
    ("unknown user, any command", || World::unknown(everything()).disable()),
    ("erased user", || {
        let mut w = enrolled(Method::Totp);
        w.run_as(Actor::System, CommandKind::Erase).expect("erased");
        w.disable()
    }),
    ("no set-up", || World::new(everything()).confirm(&Typed::Nonsense)),
    ("no challenge", || enrolled(Method::Totp).try_code(&inside(&ChallengeId::from_bytes([9; 16])), &Typed::Nonsense)),
    ("resend too late", || {
        let mut w = enrolled(Method::Email);
        let challenge = w.login();
        w.pass(901).run(CommandKind::ResendChallengeCode { challenge })
    }),
    ("resend of a set-up too late", || {
        let mut w = World::new(everything());
        w.start(Method::Email, None).expect("starts");
        let enrolment = w.user.enrolment.as_ref().expect("set-up").id.clone();
        w.pass(1801).run(CommandKind::ResendEnrolmentCode { enrolment })
    }),
    ("resend after success", || {
        let mut w = enrolled(Method::Email);
        let challenge = w.login();
        let code = w.sent(&challenge);
        w.try_code(&inside(&challenge), &code).expect("verified");
        w.run(CommandKind::ResendChallengeCode { challenge })
    }),
    ("resend to an app", || {
        let mut w = enrolled(Method::Totp);
        let challenge = w.login();
        w.run(CommandKind::ResendChallengeCode { challenge })
    }),
    ("a challenge to set up with", || unit(enrolled(Method::Totp).open(Purpose::Enrolment, None))),
    ("locked", || {
        let mut w = enrolled(Method::Totp);
        w.fail(&direct(), 5);
        w.try_code(&direct(), &Typed::Nonsense)
    }),
    ("no factor", || World::new(everything()).try_code(&direct(), &Typed::Nonsense)),
    ("no factor to confirm a change with", || unit(World::new(everything()).open(Purpose::Reauth, None))),
    ("no recovery codes", || World::new(everything()).try_code(&direct_recovery(), &Typed::Nonsense)),
    ("own lock", || enrolled(Method::Totp).run(CommandKind::Unlock { kind: None })),
    ("a secret for other eyes", || {
        let mut w = World::new(everything());
        let (secret, reauth) = (w.secret(), w.proof());
        let start = CommandKind::StartEnrolment { method: Method::Totp, secret, entered: None, reauth };
        w.run_as(SUPPORT, start)
    }),
    ("another account's administrator", || {
        enrolled(Method::Totp).run_as(admin_of(2), CommandKind::Unlock { kind: None })
    }),
    ("closed path", || {
        let mut w = enrolled(Method::Totp);
        w.settings.recovery.paths = vec![RecoveryPath::AccountAdmin];
        w.run_as(SUPPORT, CommandKind::Unlock { kind: None })
    }),
    ("support without a reason", || {
        enrolled(Method::Totp).run_as(Actor::Support { has_reason: false }, CommandKind::Unlock { kind: None })
    }),
    ("nothing proved", || enrolled(Method::Totp).run(CommandKind::Disable { reauth: ReauthProof::default() })),
    ("session not verified", || enrolled(Method::Totp).run(CommandKind::Reset { reauth: ReauthProof::default() })),
    ("stale password check", || {
        let mut w = enrolled(Method::Totp);
        w.settings.reauth.disable = crate::settings::ReauthRule::Password;
        let reauth = w.proof();
        w.pass(301).run(CommandKind::Disable { reauth })
    }),
    ("policy off", || {
        let mut w = World::new(Settings { policy: PolicyMode::Off, ..everything() });
        w.run_as(Actor::System, CommandKind::PutProfile(ProfilePatch { use_2fa: Patch::Set(true), ..profile_patch() }))
    }),
    ("policy required", || {
        let mut w = enrolled(Method::Totp);
        w.settings.policy = PolicyMode::Required;
        w.disable()
    }),
    ("set-up at login only", || World::of(Preset::AccountProfile).start(Method::Totp, None)),
    ("method not allowed", || World::of(Preset::Ipi).start(Method::Email, None)),
    ("method not allowed at login", || {
        let mut w = World::of(Preset::AccountProfile);
        w.use_2fa(true);
        unit(w.open(Purpose::Login, Some(Method::Email)))
    }),
    ("disable first", || {
        let mut w = World::of(Preset::Ipi);
        w.enrol(Method::Totp);
        w.start(Method::Totp, None)
    }),
    ("full", || {
        let mut w = World::new(everything());
        w.settings.methods.max_active = 2;
        w.enrol(Method::Totp);
        w.enrol(Method::Email);
        w.start(Method::Sms, None)
    }),
    ("the same once more", || enrolled(Method::Totp).start(Method::Totp, None)),
    ("no channel", || {
        let mut w = World::new(everything());
        w.channels = ChannelsReady { email: false, sms: false };
        w.start(Method::Email, None)
    }),
    ("nothing registered", || {
        let mut w = World::new(everything());
        w.put(ProfilePatch { email: Patch::Clear, ..profile_patch() });
        w.start(Method::Email, None)
    }),
    ("nothing registered any more", || {
        let mut w = enrolled(Method::Email);
        w.put(ProfilePatch { email: Patch::Clear, ..profile_patch() });
        unit(w.open(Purpose::Login, None))
    }),
    ("nothing entered", || World::of(Preset::Hostkey).start(Method::Email, None)),
    ("something else entered", || World::of(Preset::Ipserverone).start(Method::Email, Some(destination(9)))),
    ("too soon", || {
        let mut w = enrolled(Method::Email);
        let challenge = w.login();
        w.run(CommandKind::ResendChallengeCode { challenge })
    }),
    ("nothing to disable", || World::new(everything()).disable()),
];

#[test]
fn every_refusal_is_given_by_some_command() {
    let mut seen = BTreeSet::new();
    for (name, given) in GIVEN {
        seen.insert(place(&given().expect_err(name)));
    }
    assert_eq!(seen, (0..30).collect());
}

#[test]
fn a_refusal_changes_nothing() {
    let mut w = enrolled(Method::Email);
    let (state, events) = (w.user.clone(), w.log.len());
    assert!(w.start(Method::Email, None).is_err());
    assert!(w.run(CommandKind::Unlock { kind: None }).is_err());
    assert_eq!((w.user, w.log.len()), (state, events));
}

//! Invariant 7: the fold is total and deterministic, its state bounded; decisions are total as well.

use proptest::prelude::*;

use super::arbitrary::{attempt, evidence, history, instant, kind, method};
use super::*;
use crate::limits::{MAX_CHALLENGES, MAX_RECEIPTS};

fn fold(history: &[(UserEvent, Timestamp)]) -> User {
    let mut user = User::default();
    for (event, at) in history {
        let before = user.last_at;
        evolve(&mut user, event, *at);
        assert!(user.last_at >= before, "C10");
    }
    user
}

/// Every command, about whatever the state holds or does not hold.
fn commands(user: &User, attempt: &Attempt, evidence: Evidence, method: Method) -> Vec<CommandKind> {
    let reauth = ReauthProof {
        confirmed: true,
        password_at: Some(user.last_at),
        session_verified: true,
        code: Some((attempt.clone(), evidence)),
    };
    let challenge = user.challenges.back().map_or(ChallengeId::from_bytes([0; 16]), |c| c.id.clone());
    let enrolment = user.enrolment.as_ref().map_or(EnrolmentId::from_bytes([0; 16]), |e| e.id.clone());
    let (secret, recovery) = (Sealed::new(vec![1]), vec![KeyedHash::new([1; 32]); 10]);
    let entered = Some(destination(1));
    vec![
        CommandKind::PutProfile(ProfilePatch { use_2fa: Patch::Set(true), ..profile_patch() }),
        CommandKind::StartEnrolment {
            method,
            secret: secret.clone(),
            entered: entered.clone(),
            reauth: reauth.clone(),
        },
        CommandKind::ResendEnrolmentCode { enrolment: enrolment.clone() },
        CommandKind::ConfirmEnrolment { enrolment, evidence, recovery: recovery.clone() },
        CommandKind::OpenChallenge { purpose: attempt.purpose, method: Some(method), secret, entered },
        CommandKind::ResendChallengeCode { challenge: challenge.clone() },
        CommandKind::Verify { attempt: attempt.clone(), evidence, recovery: recovery.clone() },
        CommandKind::DisableAtLogin { challenge },
        CommandKind::ResetAuthenticator { reauth: reauth.clone() },
        CommandKind::Reset { reauth: reauth.clone() },
        CommandKind::Disable { reauth: reauth.clone() },
        CommandKind::RegenerateRecoveryCodes { reauth, recovery },
        CommandKind::Unlock { kind: attempt.kind },
        CommandKind::Erase,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariant_7_any_event_on_any_state_gives_a_bounded_state_and_the_same_again(history in history()) {
        let user = fold(&history);
        prop_assert_eq!(&user, &fold(&history));
        prop_assert!(user.challenges.len() <= MAX_CHALLENGES);
        prop_assert!(user.receipts.len() <= MAX_RECEIPTS);
        prop_assert!(user.factors.len() <= Method::ALL.len(), "at most one per method");
    }

    #[test]
    fn invariant_7_any_command_on_any_state_is_decided(
        history in history(),
        attempt in attempt(),
        evidence in evidence(),
        method in method(),
        now in instant(),
        code_rule in any::<bool>(),
    ) {
        let mut world = World::unknown(everything());
        if code_rule {
            world.settings.reauth.disable = crate::settings::ReauthRule::Code;
        }
        world.user = fold(&history);
        world.now = now;
        let _ = gate(&world.user, &world.settings, &attempt, now);
        let _ = world.requirement();
        for command in commands(&world.user, &attempt, evidence, method) {
            for actor in [Actor::User, admin_of(1), SUPPORT, Actor::System] {
                let mut once = world.clone();
                let before = once.user.clone();
                if once.run_as(actor, command.clone()).is_err() {
                    prop_assert_eq!(&once.user, &before);
                }
            }
        }
    }

    #[test]
    fn invariant_3_on_any_state_a_lock_keeps_every_door_to_its_factor_shut(
        history in history(),
        attempt in attempt(),
        evidence in evidence(),
        locked in kind(),
        now in instant(),
    ) {
        let mut world = World::unknown(everything());
        world.user = fold(&history);
        world.now = now;
        let lock = UserEvent::FactorLocked { kind: locked, failures: 50, until: None };
        evolve(&mut world.user, &lock, now);
        let command = CommandKind::Verify { attempt: attempt.clone(), evidence, recovery: Vec::new() };
        if let Ok(decision) = world.run(command) {
            let kind = match decision.outcome {
                Outcome::Verified { proof, .. } => Some(proof.kind()),
                Outcome::Rejected { kind, .. } => Some(kind),
                Outcome::Done | Outcome::EnrolmentStarted | Outcome::CodeResent | Outcome::Challenge(_) => None,
            };
            prop_assert!(kind.is_some_and(|kind| kind != locked));
        }
    }
}

#[test]
fn c26_remembered_challenges_and_receipts_are_bounded() {
    let mut w = World::new(everything());
    w.enrol(Method::Totp);
    let first = w.login();
    for n in 0..u8::try_from(MAX_RECEIPTS).expect("few") {
        w.login();
        let receipt =
            Receipt { key: KeyedHash::new([n; 32]), body: KeyedHash::new([n; 32]), answer: Sealed::new(vec![n]) };
        evolve(&mut w.user, &UserEvent::ReceiptKept(receipt), w.now);
    }
    assert_eq!(w.user.challenges.len(), MAX_CHALLENGES);
    assert_eq!(w.try_code(&inside(&first), &Typed::Nonsense), Err(Refusal::ChallengeNotFound), "forgotten, not open");
    assert!(w.user.receipt(&KeyedHash::new([0; 32])).is_some());
    let newest = Receipt { key: KeyedHash::new([99; 32]), body: KeyedHash::new([0; 32]), answer: Sealed::new(vec![]) };
    evolve(&mut w.user, &UserEvent::ReceiptKept(newest), w.now);
    assert!(w.user.receipt(&KeyedHash::new([0; 32])).is_none());
    assert!(w.user.receipt(&KeyedHash::new([99; 32])).is_some());
}

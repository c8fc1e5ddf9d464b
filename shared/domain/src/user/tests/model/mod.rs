//! A random walk over everything that can be asked of a user, checked against an independent ledger.

mod ledger;
mod steps;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use self::ledger::Ledger;
use self::steps::{Guess, Step, Where, step};
use super::*;
use crate::limits::{MAX_CHALLENGES, MAX_RECEIPTS};
use crate::settings::PolicyMode;

/// What is known without the rules: the clock on the wall, which may jump either way.
#[derive(Debug, Clone)]
struct Wall(Timestamp);

impl ReferenceStateMachine for Wall {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self(START.plus_secs(300))).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        step()
    }

    fn apply(wall: Self, step: &Step) -> Self {
        let secs = if let Step::Jump(secs) = step { *secs } else { 0 };
        Self(Timestamp(wall.0.as_millis() + secs * 1000))
    }
}

#[derive(Debug)]
struct Run {
    world: World,
    ledger: Ledger,
    /// Everything right that was ever typed, to be typed again.
    used: Vec<Typed>,
}

impl Run {
    /// Something to type into this target.
    fn typed(&self, attempt: &Attempt, guess: Guess) -> Typed {
        let replay =
            |n: usize| if self.used.is_empty() { Typed::Nonsense } else { self.used[n % self.used.len()].clone() };
        match guess {
            Guess::Wrong => Typed::Nonsense,
            Guess::Replay(n) => replay(n),
            Guess::Right(offset) => match gate(&self.world.user, &self.world.settings, attempt, self.world.now) {
                Ok(Gate::Totp { secret, .. }) => {
                    Typed::Totp { secret: secret.clone(), step: self.world.step().saturating_add_signed(offset) }
                }
                Ok(Gate::Code { code, purpose, reference }) => {
                    Typed::Sent { nonce: code.nonce, purpose, reference: reference.to_owned() }
                }
                Ok(Gate::RecoveryCode { set }) => {
                    set.iter().flatten().next().map_or(Typed::Nonsense, |hash| Typed::Recovery(*hash))
                }
                // What would have been right if the rules allowed it.
                Ok(Gate::Closed { .. }) | Err(_) => replay(usize::try_from(offset.unsigned_abs()).unwrap_or(0)),
            },
        }
    }

    fn attempt(&self, to: Where, purpose: Purpose, kind: Option<FactorKind>) -> Attempt {
        let challenges = &self.world.user.challenges;
        let target = match to {
            Where::Challenge(n) if !challenges.is_empty() => Target::Challenge(self.challenge(n)),
            Where::SetUp => {
                self.world.user.enrolment.as_ref().map_or(Target::Direct, |e| Target::Enrolment(e.id.clone()))
            }
            Where::Challenge(_) | Where::Direct => Target::Direct,
        };
        Attempt { target, purpose, kind }
    }

    /// The newest is number 0.
    fn challenge(&self, n: usize) -> ChallengeId {
        let challenges = &self.world.user.challenges;
        if challenges.is_empty() {
            ChallengeId::from_bytes([0xff; 16])
        } else {
            challenges[challenges.len() - 1 - n % challenges.len()].id.clone()
        }
    }

    fn evidence(&self, attempt: &Attempt, typed: &Typed) -> Evidence {
        // Looked at even if the gate forbids it: the decision must not trust whoever calls it.
        gate(&self.world.user, &self.world.settings, attempt, self.world.now).map_or_else(
            |_| match typed {
                Typed::Totp { step, .. } => Evidence::Totp { step: Some(*step), drift_steps: None },
                Typed::Sent { .. } => Evidence::Code { matches: true },
                Typed::Recovery(_) => Evidence::RecoveryCode { index: Some(0) },
                Typed::Nonsense => Evidence::NotEvaluated,
            },
            |gate| look(&gate, typed),
        )
    }

    /// The command of a step, and the code that was typed with it.
    fn command(&mut self, step: &Step) -> Option<(CommandKind, Option<Typed>)> {
        let recovery = self.world.hashes();
        let secret = self.world.secret();
        Some(match step {
            Step::Jump(_) | Step::Rules(_) => return None,
            Step::Put(patch) => (CommandKind::PutProfile(*patch.clone()), None),
            Step::Start(method, entered) => {
                let (entered, reauth) = (entered.map(destination), self.world.proof());
                (CommandKind::StartEnrolment { method: *method, secret, entered, reauth }, None)
            }
            Step::Confirm(guess) => {
                let enrolment = self.world.user.enrolment.as_ref()?.id.clone();
                let target = Target::Enrolment(enrolment.clone());
                let attempt = Attempt { target, purpose: Purpose::Enrolment, kind: None };
                let typed = self.typed(&attempt, *guess);
                let evidence = self.evidence(&attempt, &typed);
                (CommandKind::ConfirmEnrolment { enrolment, evidence, recovery }, Some(typed))
            }
            Step::Open(purpose, method) => {
                let (purpose, method) = (*purpose, *method);
                (CommandKind::OpenChallenge { purpose, method, secret, entered: Some(destination(1)) }, None)
            }
            Step::Resend(n) => (CommandKind::ResendChallengeCode { challenge: self.challenge(*n) }, None),
            Step::ResendSetUp => {
                (CommandKind::ResendEnrolmentCode { enrolment: self.world.user.enrolment.as_ref()?.id.clone() }, None)
            }
            Step::Verify(to, purpose, kind, guess) => {
                let attempt = self.attempt(*to, *purpose, *kind);
                let typed = self.typed(&attempt, *guess);
                let evidence = self.evidence(&attempt, &typed);
                (CommandKind::Verify { attempt, evidence, recovery }, Some(typed))
            }
            Step::DisableAtLogin(n) => (CommandKind::DisableAtLogin { challenge: self.challenge(*n) }, None),
            Step::Change(change, to, kind, guess) => {
                let attempt = self.attempt(*to, Purpose::Reauth, *kind);
                let typed = self.typed(&attempt, *guess);
                let evidence = self.evidence(&attempt, &typed);
                let reauth = ReauthProof { code: Some((attempt, evidence)), ..self.world.proof() };
                (change.command(reauth, recovery), Some(typed))
            }
            Step::Unlock(kind) => (CommandKind::Unlock { kind: *kind }, None),
        })
    }

    fn check(&self) {
        let (user, settings) = (&self.world.user, &self.world.settings);
        assert_eq!(self.world.replayed(), *user, "replaying the log gives the same state");
        assert!(user.challenges.len() <= MAX_CHALLENGES && user.receipts.len() <= MAX_RECEIPTS);
        assert!(user.factors.len() <= Method::ALL.len());
        assert!(user.recovery.as_ref().is_none_or(|set| set.len() <= 20));
        if settings.policy == PolicyMode::Optional && user.use_2fa == Some(false) {
            let requirement = self.world.requirement();
            assert!(matches!(requirement, LoginRequirement::NotRequired(_)), "disabled: {requirement:?}");
        }
        for purpose in [Purpose::Login, Purpose::Reauth] {
            let outstanding = |c: &&Challenge| c.purpose == purpose && c.code.is_some() && c.closed.is_none();
            assert!(user.challenges.iter().filter(outstanding).count() <= 1, "one outstanding code per purpose");
        }
        self.ledger.check(user);
    }
}

struct Rules;

impl StateMachineTest for Rules {
    type SystemUnderTest = Run;
    type Reference = Wall;

    fn init_test(_: &Wall) -> Run {
        let mut world = World::new(everything());
        for method in Method::ALL {
            world.enrol(method);
        }
        world.now = START.plus_secs(300);
        let ledger = Ledger::of(&world);
        Run { world, ledger, used: Vec::new() }
    }

    fn apply(mut run: Run, wall: &Wall, step: Step) -> Run {
        run.world.now = wall.0;
        if let Step::Rules(rules) = &step {
            rules.apply(&mut run.world.settings);
        }
        run.world.actor = step.actor();
        if let Some((command, typed)) = run.command(&step) {
            let (before, events) = (run.world.user.clone(), run.world.log.len());
            let result = run.world.run(command);
            match &result {
                Err(_) => assert_eq!((&run.world.user, run.world.log.len()), (&before, events)),
                Ok(decision) => run.ledger.record(&before, &run.world, decision, typed.as_ref()),
            }
            run.used.extend(typed.filter(|typed| *typed != Typed::Nonsense));
        }
        run
    }

    fn check_invariants(run: &Run, wall: &Wall) {
        assert_eq!(run.world.now, wall.0);
        run.check();
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn invariants_2_and_3_hold_on_any_walk(sequential 1..70 => Rules);
}

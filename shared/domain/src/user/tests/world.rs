//! One user with everything around him.

use super::*;
use crate::settings::DestinationSource;

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) user: User,
    pub(super) log: Vec<(UserEvent, Timestamp)>,
    pub(super) now: Timestamp,
    pub(super) settings: Settings,
    pub(super) channels: ChannelsReady,
    pub(super) actor: Actor,
    pub(super) drawn: u64,
}

impl World {
    /// A registered user of account 1 with address 1 and number 2.
    pub(super) fn new(settings: Settings) -> Self {
        let mut world = Self::unknown(settings);
        world.put(ProfilePatch {
            account: Patch::Set(AccountRef { id: account(1), sealed: Sealed::new(vec![1]) }),
            email: Patch::Set(destination(1)),
            phone: Patch::Set(destination(2)),
            ..profile_patch()
        });
        world
    }

    pub(super) fn unknown(settings: Settings) -> Self {
        Self {
            user: User::default(),
            log: Vec::new(),
            now: START,
            settings,
            channels: ChannelsReady { email: true, sms: true },
            actor: Actor::User,
            drawn: 0,
        }
    }

    pub(super) fn of(preset: Preset) -> Self {
        Self::new(preset.settings())
    }

    pub(super) fn pass(&mut self, secs: u64) -> &mut Self {
        self.now = self.now.plus_secs(secs);
        self
    }

    pub(super) fn draw(&mut self) -> [u8; 16] {
        self.drawn += 1;
        u128::from(self.drawn).to_be_bytes()
    }

    pub(super) fn secret(&mut self) -> Sealed {
        Sealed::new(self.draw().to_vec())
    }

    pub(super) fn hashes(&mut self) -> Vec<KeyedHash> {
        let count = self.settings.recovery_codes.count;
        let hash = |bytes: [u8; 16]| KeyedHash::new(std::array::from_fn(|i| bytes[i % 16]));
        (0..count).map(|_| hash(self.draw())).collect()
    }

    pub(super) fn run(&mut self, kind: CommandKind) -> Result<Decision, Refusal> {
        let fresh = Fresh {
            enrolment: EnrolmentId::from_bytes(self.draw()),
            challenge: ChallengeId::from_bytes(self.draw()),
            factor: FactorId::from_bytes(self.draw()),
            message: MessageId::from_bytes(self.draw()),
            notice: MessageId::from_bytes(self.draw()),
            nonce: CodeNonce(self.draw()),
        };
        let actor = self.actor.clone();
        let (settings, channels) = (&self.settings, self.channels);
        let command = Command { now: self.now, actor, settings, channels, fresh: &fresh, kind };
        let decision = decide(&self.user, &command)?;
        for event in &decision.events {
            evolve(&mut self.user, event, self.now);
            self.log.push((event.clone(), self.now));
        }
        Ok(decision)
    }

    /// One command of somebody else.
    pub(super) fn run_as(&mut self, actor: Actor, kind: CommandKind) -> Result<Decision, Refusal> {
        let before = std::mem::replace(&mut self.actor, actor);
        let result = self.run(kind);
        self.actor = before;
        result
    }

    /// What the panel tells as itself.
    pub(super) fn put(&mut self, patch: ProfilePatch) -> Decision {
        self.run_as(Actor::System, CommandKind::PutProfile(patch)).expect("the panel may")
    }

    pub(super) fn use_2fa(&mut self, on: bool) -> Decision {
        self.put(ProfilePatch { use_2fa: Patch::Set(on), ..profile_patch() })
    }

    pub(super) fn may_toggle(&mut self, yes: bool) -> Decision {
        self.put(ProfilePatch { may_toggle: Patch::Set(yes), ..profile_patch() })
    }

    pub(super) fn proof(&self) -> ReauthProof {
        ReauthProof { confirmed: true, password_at: Some(self.now), session_verified: true, code: None }
    }

    pub(super) fn start(&mut self, method: Method, entered: Option<Destination>) -> Result<Decision, Refusal> {
        let (secret, reauth) = (self.secret(), self.proof());
        self.run(CommandKind::StartEnrolment { method, secret, entered, reauth })
    }

    /// Confirms the unfinished set-up with what is typed.
    pub(super) fn confirm(&mut self, typed: &Typed) -> Result<Decision, Refusal> {
        let enrolment = self.user.enrolment.as_ref().ok_or(Refusal::EnrolmentNotFound)?.id.clone();
        let target = Target::Enrolment(enrolment.clone());
        let attempt = Attempt { target, purpose: Purpose::Enrolment, kind: None };
        let evidence = look(&gate(&self.user, &self.settings, &attempt, self.now)?, typed);
        let recovery = self.hashes();
        self.run(CommandKind::ConfirmEnrolment { enrolment, evidence, recovery })
    }

    /// Sets a method up from the profile page, all the way. Time passes.
    pub(super) fn enrol(&mut self, method: Method) -> Decision {
        let entered = (self.settings.destination.source == DestinationSource::Entered && method != Method::Totp)
            .then(|| destination(9));
        self.start(method, entered).expect("starts");
        let typed = self.of_enrolment();
        let decision = self.confirm(&typed).expect("confirms");
        assert!(matches!(decision.outcome, Outcome::Verified { enrolled: Some(_), .. }));
        self.pass(60);
        decision
    }

    /// The right code of the unfinished set-up.
    pub(super) fn of_enrolment(&self) -> Typed {
        let pending = self.user.enrolment.as_ref().expect("a set-up");
        match &pending.detail {
            EnrolmentDetail::Totp { secret, .. } => Typed::Totp { secret: secret.clone(), step: self.step() },
            EnrolmentDetail::Code { code, .. } => {
                let reference = pending.id.as_str().to_owned();
                Typed::Sent { nonce: code.nonce, purpose: Purpose::Enrolment, reference }
            }
        }
    }

    pub(super) fn step(&self) -> u64 {
        self.user.monotone(self.now).as_secs() / 30
    }

    /// The app's code, some steps off.
    pub(super) fn app(&self, offset: i64) -> Typed {
        let detail = self.user.factors.iter().find_map(|f| match &f.detail {
            FactorDetail::Totp { secret, .. } => Some(secret.clone()),
            FactorDetail::Email(_) | FactorDetail::Sms(_) => None,
        });
        let step = self.step().checked_add_signed(offset).expect("a step");
        Typed::Totp { secret: detail.expect("an app"), step }
    }

    /// The code that was sent for a challenge.
    pub(super) fn sent(&self, id: &ChallengeId) -> Typed {
        let challenge = self.user.challenge(id).expect("a challenge");
        let nonce = challenge.code.as_ref().expect("a code").nonce;
        Typed::Sent { nonce, purpose: challenge.purpose, reference: id.as_str().to_owned() }
    }

    pub(super) fn recovery_code(&self, index: usize) -> Typed {
        Typed::Recovery(self.user.recovery.as_ref().expect("a set")[index].expect("unspent"))
    }

    pub(super) fn open(&mut self, purpose: Purpose, method: Option<Method>) -> Result<ChallengeAnswer, Refusal> {
        let secret = self.secret();
        let outcome = self.run(CommandKind::OpenChallenge { purpose, method, secret, entered: None })?.outcome;
        let Outcome::Challenge(answer) = outcome else { panic!("opening answered {outcome:?}") };
        Ok(answer)
    }

    /// A login challenge.
    pub(super) fn login(&mut self) -> ChallengeId {
        self.open(Purpose::Login, None).expect("opens").challenge.expect("something to answer")
    }

    pub(super) fn requirement(&self) -> LoginRequirement {
        login_requirement(&self.user, &self.settings, self.now)
    }

    pub(super) fn try_code(&mut self, attempt: &Attempt, typed: &Typed) -> Result<Decision, Refusal> {
        let evidence = look(&gate(&self.user, &self.settings, attempt, self.now)?, typed);
        let recovery = self.hashes();
        self.run(CommandKind::Verify { attempt: attempt.clone(), evidence, recovery })
    }

    pub(super) fn fail(&mut self, attempt: &Attempt, times: u32) {
        for _ in 0..times {
            assert!(rejected(&self.try_code(attempt, &Typed::Nonsense)).is_some());
        }
    }

    pub(super) fn disable(&mut self) -> Result<Decision, Refusal> {
        let reauth = self.proof();
        self.run(CommandKind::Disable { reauth })
    }

    pub(super) fn reset(&mut self) -> Result<Decision, Refusal> {
        let reauth = self.proof();
        self.run(CommandKind::Reset { reauth })
    }

    /// The whole log once more.
    pub(super) fn replayed(&self) -> User {
        let mut user = User::default();
        for (event, at) in &self.log {
            evolve(&mut user, event, *at);
        }
        user
    }
}

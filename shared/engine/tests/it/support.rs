//! A node or several on one log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use twofold_crypto::{KeyVault, Keyring, MasterKey, MemoryKeyStore, OneTimeCode, OsRandom, totp};
use twofold_domain::actor::ActorKind;
use twofold_domain::destination::EmailAddress;
use twofold_domain::tenant::Scope;
use twofold_domain::user::{Outcome, Patch, Purpose, Target, UserEvent};
use twofold_domain::{ChallengeId, Channel, Method, Mode, PanelId, Timestamp, TotpParams};
use twofold_engine::{
    ActorInput, Answer, Ask, Caller, Clock as _, DeliveryGuard, Engine, EngineError, EngineParts, Idempotency,
    ManualClock, NewKey, NoOutbound, Outbound, ProfileInput, ReauthInput, Reply, RequestContext, Typed, UserRef,
    code_of,
};
use twofold_event_log::{EventLog, MemoryLog, MemorySnapshots, Seq, SnapshotStore, wire};

pub const START: Timestamp = Timestamp(1_795_290_000_000);

#[derive(Debug)]
pub struct World {
    pub log: Arc<MemoryLog>,
    pub snapshots: MemorySnapshots,
    pub clock: Arc<ManualClock>,
    pub keyring: Arc<Keyring>,
    pub store: Arc<MemoryKeyStore>,
}

#[derive(Debug)]
struct CanSend;

impl Outbound for CanSend {
    fn has_default(&self, _: Channel) -> bool {
        true
    }
    fn check_channel(&self, channel: Channel, config: &serde_json::Value) -> Result<serde_json::Value, String> {
        NoOutbound.check_channel(channel, config)
    }
    fn redact_channel(&self, channel: Channel, config: &serde_json::Value) -> serde_json::Value {
        NoOutbound.redact_channel(channel, config)
    }
    fn check_templates(&self, _: &twofold_domain::settings::Settings) -> Result<(), String> {
        Ok(())
    }
    fn render(
        &self,
        settings: &twofold_domain::settings::Settings,
        request: &twofold_engine::RenderRequest<'_>,
    ) -> Result<twofold_engine::RenderedMessage, String> {
        NoOutbound.render(settings, request)
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            log: Arc::new(MemoryLog::new()),
            snapshots: MemorySnapshots::new(),
            clock: Arc::new(ManualClock::at(START)),
            keyring: Arc::new(Keyring::new(&MasterKey::generate(&OsRandom))),
            store: Arc::new(MemoryKeyStore::new()),
        }
    }

    /// A node of its own: own cache, own directory, the same log, snapshots and key store.
    pub async fn node(&self) -> Arc<Engine> {
        self.node_on(Arc::clone(&self.log) as Arc<dyn EventLog>).await
    }

    /// A node with its own view of the log.
    pub async fn node_on(&self, log: Arc<dyn EventLog>) -> Arc<Engine> {
        self.node_with(log, Arc::new(self.snapshots.clone())).await
    }

    /// A node with its own view of everything.
    pub async fn node_with(&self, log: Arc<dyn EventLog>, snapshots: Arc<dyn SnapshotStore>) -> Arc<Engine> {
        following(self.silent_node(log, snapshots)).await
    }

    /// A node that asks a guard before every message.
    pub async fn guarded_node(&self, guard: Arc<dyn DeliveryGuard>) -> Arc<Engine> {
        let parts = self.parts(self.log.clone(), Arc::new(self.snapshots.clone()));
        following(Arc::new(Engine::new(parts).guarded_by(guard))).await
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A node whose background does not run: it knows no tenant and keeps no snapshot.
    pub fn silent_node(&self, log: Arc<dyn EventLog>, snapshots: Arc<dyn SnapshotStore>) -> Arc<Engine> {
        Arc::new(Engine::new(self.parts(log, snapshots)))
    }

    pub fn parts(&self, log: Arc<dyn EventLog>, snapshots: Arc<dyn SnapshotStore>) -> EngineParts {
        EngineParts {
            log,
            snapshots: Some(snapshots),
            keyring: Arc::clone(&self.keyring),
            vault: Arc::new(KeyVault::new(Arc::clone(&self.keyring), self.store.clone(), Arc::new(OsRandom), 1000)),
            rng: Arc::new(OsRandom),
            clock: self.clock.clone(),
            outbound: Arc::new(CanSend),
            cached_users: 100,
            partitions: 4,
        }
    }
}

/// Lets a node follow the configuration.
pub async fn following(engine: Arc<Engine>) -> Arc<Engine> {
    let following = Arc::clone(&engine);
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let follow = twofold_engine::follow(&following).await.expect("the log can be read");
        ready.send(()).expect("somebody waits");
        follow.await;
    });
    is_ready.await.expect("following");
    engine
}

/// Waits until something is so; at most five seconds.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen within five seconds");
}

pub fn context() -> RequestContext {
    RequestContext {
        actor: ActorInput { kind: ActorKind::User, id: None },
        reason: None,
        request_id: Some("req-1".into()),
        ip: None,
        user_agent: None,
    }
}

pub async fn tenant(engine: &Engine, name: &str, settings: serde_json::Value) -> Caller {
    let (tenant, _) = engine.create_tenant(name, None, settings, &RequestContext::system()).await.expect("created");
    Caller { tenant, mode: Mode::Live, context: context() }
}

pub async fn key(engine: &Engine, caller: &Caller, mode: Mode) -> twofold_engine::CreatedKey {
    let new = NewKey { mode, scopes: BTreeSet::from([Scope::Login]), label: "login".into() };
    engine.create_key(&caller.tenant.id, new, &RequestContext::system()).await.expect("made")
}

/// What the tests look at of an answer.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Seen {
    pub outcome: String,
    pub secret: Option<Vec<u8>>,
    pub recovery: Vec<String>,
    pub challenge: Option<String>,
    pub enrolment: Option<String>,
    pub position: u64,
}

impl Answer for Seen {
    fn status(&self) -> u16 {
        if self.outcome == "verified" { 200 } else { 422 }
    }
    fn strip_shown_once(&mut self) {
        self.recovery.clear();
    }
    fn set_position(&mut self, position: u64) {
        self.position = position;
    }
}

pub async fn run_with(
    engine: &Engine,
    caller: &Caller,
    user: &str,
    ask: &Ask,
    idempotency: Option<&Idempotency>,
) -> Result<Reply<Seen>, EngineError> {
    let whom = whom(engine, caller, user);
    engine
        .run(caller, &whom, ask, idempotency, |rendered| Seen {
            outcome: match rendered.outcome {
                Outcome::Verified { .. } => "verified".into(),
                Outcome::Rejected { reason, .. } => reason.name().into(),
                Outcome::Done => "done".into(),
                Outcome::EnrolmentStarted | Outcome::CodeResent | Outcome::Challenge(_) => "asked".into(),
            },
            secret: rendered.shown.secret.as_ref().map(|s| s.to_vec()),
            recovery: rendered.shown.recovery.iter().map(|c| c.expose().to_owned()).collect(),
            challenge: rendered.user.challenges.back().map(|c| c.id.to_string()),
            enrolment: rendered.user.enrolment.as_ref().map(|e| e.id.to_string()),
            position: 0,
        })
        .await
}

pub async fn run(engine: &Engine, caller: &Caller, user: &str, ask: &Ask) -> Result<Seen, EngineError> {
    match run_with(engine, caller, user, ask, None).await? {
        Reply::Fresh(seen) => Ok(seen),
        Reply::Replayed { .. } => panic!("no idempotency key was given"),
    }
}

pub fn whom(engine: &Engine, caller: &Caller, user: &str) -> UserRef {
    engine.user_ref(caller, PanelId::parse(user).expect("an id"))
}

pub fn code(secret: &[u8], now: Timestamp) -> OneTimeCode {
    let params = TotpParams::default();
    totp::code_at(secret, &params, totp::step_at(&params, now))
}

pub fn code_of_digits(secret: &[u8], now: Timestamp, digits: u8) -> String {
    let params = TotpParams { digits, ..TotpParams::default() };
    totp::code_at(secret, &params, totp::step_at(&params, now)).expose().to_owned()
}

pub fn typed(code: &str) -> Typed {
    Typed::new(code.to_owned())
}

pub fn verify(code: &str) -> Ask {
    Ask::Verify { target: Target::Direct, kind: None, code: typed(code) }
}

pub fn confirmed() -> ReauthInput {
    ReauthInput { confirmed: true, ..ReauthInput::default() }
}

/// Registers a user and sets up an authenticator; answers secret and recovery codes.
pub async fn enrolled(engine: &Engine, caller: &Caller, user: &str) -> (Vec<u8>, Vec<String>) {
    let email = Patch::Set(EmailAddress::parse(&format!("{user}@example.com")).expect("an address"));
    let system = Caller { context: RequestContext::system(), ..caller.clone() };
    run(engine, &system, user, &Ask::PutProfile(Box::new(ProfileInput { email, ..ProfileInput::default() })))
        .await
        .expect("registered");
    let start = Ask::StartEnrolment { method: Method::Totp, destination: None, reauth: confirmed() };
    let started = run(engine, caller, user, &start).await.expect("started");
    let secret = started.secret.expect("shown");
    let id = started.enrolment.expect("pending").parse_id();
    let now = engine.clock().now();
    let done = run(engine, caller, user, &Ask::ConfirmEnrolment(id, typed(code(&secret, now).expose())))
        .await
        .expect("confirmed");
    assert_eq!(done.outcome, "verified");
    (secret, done.recovery)
}

pub trait ParseId {
    fn parse_id(&self) -> twofold_domain::EnrolmentId;
}

impl ParseId for String {
    fn parse_id(&self) -> twofold_domain::EnrolmentId {
        twofold_domain::EnrolmentId::parse(self).expect("an id")
    }
}

/// Opens a login challenge.
pub async fn challenge(engine: &Engine, caller: &Caller, user: &str, method: Method) -> ChallengeId {
    let ask = Ask::OpenChallenge { purpose: Purpose::Login, method: Some(method), destination: None };
    let seen = run(engine, caller, user, &ask).await.expect("opened");
    ChallengeId::parse(&seen.challenge.expect("a challenge")).expect("an id")
}

/// The code that was sent for a challenge or the pending enrolment.
pub async fn sent_code(engine: &Engine, caller: &Caller, user: &str, id: Option<&ChallengeId>) -> String {
    let whom = whom(engine, caller, user);
    let (loaded, _, key) = engine.user_state(caller, &whom).await.expect("there");
    if let Some(id) = id {
        let challenge = loaded.user.challenge(id).expect("open");
        let issued = challenge.code.as_ref().expect("sent");
        return code_of(&key, issued, challenge.purpose, id.as_str()).expose().to_owned();
    }
    let pending = loaded.user.enrolment.as_ref().expect("pending");
    let twofold_domain::user::EnrolmentDetail::Code { code, .. } = &pending.detail else { panic!("no code") };
    code_of(&key, code, Purpose::Enrolment, pending.id.as_str()).expose().to_owned()
}

/// Every event of a user, as the log has them.
pub async fn events(engine: &Engine, caller: &Caller, user: &str) -> Vec<UserEvent> {
    let whom = whom(engine, caller, user);
    let mut all = Vec::new();
    let mut after = Seq::ZERO;
    loop {
        let page = engine.log().read_subject(&whom.subject, after, 500).await.expect("readable");
        let Some(last) = page.last() else { return all };
        after = last.seq;
        for stored in &page {
            all.extend(wire::decode_user(&stored.payload).expect("decodes").1);
        }
    }
}

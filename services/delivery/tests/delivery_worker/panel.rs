//! A panel that asks for codes and types them in.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use twofold_domain::actor::ActorKind;
use twofold_domain::user::{Outcome, Patch, Purpose, Target};
use twofold_domain::{ChallengeId, Channel, EmailAddress, EnrolmentId, Method, Mode, PanelId, PhoneNumber};
use twofold_engine::{
    ActorInput, Answer, Ask, Caller, Engine, EngineError, ProfileInput, ReauthInput, Rendered, Reply, RequestContext,
    Typed, UserRef,
};
use twofold_test_support::ReceivedMail;

#[derive(Debug, Serialize)]
pub struct Seen {
    pub challenge: Option<ChallengeId>,
    pub enrolment: Option<EnrolmentId>,
    pub verified: bool,
}

impl Answer for Seen {
    fn status(&self) -> u16 {
        200
    }

    fn set_position(&mut self, _position: u64) {}
}

pub struct Panel {
    pub engine: Arc<Engine>,
    pub caller: Caller,
}

impl Panel {
    pub async fn new(engine: &Arc<Engine>, name: &str) -> Self {
        Self::with(engine, name, json!({ "notices": { "enabled": false } }), Mode::Live).await
    }

    pub async fn with(engine: &Arc<Engine>, name: &str, mut document: Value, mode: Mode) -> Self {
        document["methods"] = json!({ "allowed": ["email", "sms"], "max_active": 2 });
        document["brand"] = json!(name);
        let (tenant, _) = engine.create_tenant(name, None, document, &RequestContext::system()).await.expect("tenant");
        let actor = ActorInput { kind: ActorKind::User, id: None };
        let context = RequestContext { actor, ip: Some("192.0.2.7".to_owned()), ..RequestContext::system() };
        Self { engine: Arc::clone(engine), caller: Caller { tenant, mode, context } }
    }

    /// Gives the tenant a channel of its own.
    pub async fn channel(&mut self, channel: Channel, config: &Value) {
        let id = self.caller.tenant.id.clone();
        self.engine.configure_channel(&id, channel, config, &RequestContext::system()).await.expect("channel");
        self.caller.tenant = self.engine.directory().tenant(&id).expect("tenant");
    }

    pub fn user(&self, id: &str) -> UserRef {
        self.engine.user_ref(&self.caller, PanelId::parse(id).expect("id"))
    }

    pub async fn ask(&self, id: &str, ask: Ask) -> Seen {
        self.try_ask(id, ask).await.expect("answered")
    }

    async fn try_ask(&self, id: &str, ask: Ask) -> Result<Seen, EngineError> {
        let whom = self.user(id);
        let reply = self.engine.run(&self.caller, &whom, &ask, None, |r: &Rendered<'_>| Seen {
            challenge: r.user.challenges.back().map(|c| c.id.clone()),
            enrolment: r.user.enrolment.as_ref().map(|e| e.id.clone()),
            verified: matches!(r.outcome, Outcome::Verified { .. }),
        });
        match reply.await? {
            Reply::Fresh(seen) => Ok(seen),
            Reply::Replayed { .. } => panic!("nothing was asked twice"),
        }
    }

    pub async fn register(&self, id: &str, email: &str, phone: &str) {
        let profile = ProfileInput {
            email: Patch::Set(EmailAddress::parse(email).expect("address")),
            phone: Patch::Set(PhoneNumber::parse(phone, None).expect("number")),
            ..ProfileInput::default()
        };
        let mut by_system = Self { engine: Arc::clone(&self.engine), caller: self.caller.clone() };
        by_system.caller.context = RequestContext::system();
        by_system.ask(id, Ask::PutProfile(Box::new(profile))).await;
    }

    /// Begins a set-up: a code is on its way.
    pub async fn enrol(&self, id: &str, method: Method) -> EnrolmentId {
        let reauth = ReauthInput { confirmed: true, ..ReauthInput::default() };
        self.ask(id, Ask::StartEnrolment { method, destination: None, reauth }).await.enrolment.expect("begun")
    }

    /// Registers `<id>@example.net` and begins a set-up by e-mail.
    pub async fn newcomer(&self, id: &str) -> EnrolmentId {
        self.register(id, &format!("{id}@example.net"), NUMBER).await;
        self.enrol(id, Method::Email).await
    }

    pub async fn confirm(&self, id: &str, enrolment: &EnrolmentId, code: &str) -> bool {
        self.ask(id, Ask::ConfirmEnrolment(enrolment.clone(), Typed::new(code.to_owned()))).await.verified
    }

    /// Opens a login: a code is on its way.
    pub async fn login(&self, id: &str, method: Method) -> ChallengeId {
        let ask = Ask::OpenChallenge { purpose: Purpose::Login, method: Some(method), destination: None };
        self.ask(id, ask).await.challenge.expect("opened")
    }

    pub async fn verify(&self, id: &str, challenge: &ChallengeId, code: &str) -> bool {
        let target = Target::Challenge(challenge.clone());
        self.ask(id, Ask::Verify { target, kind: None, code: Typed::new(code.to_owned()) }).await.verified
    }
}

pub const NUMBER: &str = "+4915112345678";

/// The code in a mail: the line that holds nothing else.
pub fn code_in(mail: &ReceivedMail) -> String {
    let text = mail.text();
    let code = text.lines().find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
    code.expect("a code").to_owned()
}

//! Twilio's side of a callback, signed by the official package.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use twofold_crypto::{OsRandom, Random as _};
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, CommitId, MessageId, TenantId};
use twofold_engine::{Chain, Clock as _};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, Category, EventLog as _, NewCommit, Seq, Subject};
use twofold_test_support::python;

use super::{Answer, Call, Tenant, TestApp};

/// Where Twilio finds the service under test.
pub const PUBLIC: &str = "https://2fa.example.com/two";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const OLD_TOKEN: &str = "fedcba9876543210fedcba9876543210";
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";

/// A tenant's SMS channel.
pub fn channel(token: &str) -> Value {
    json!({ "provider": "twilio", "twilio": {
        "account_sid": ACCOUNT, "auth_token": token, "previous_auth_token": OLD_TOKEN, "from": "+447400999999",
    } })
}

/// A callback before and after it is signed.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub token: &'static str,
    /// Behind [`PUBLIC`].
    pub path: String,
    pub form: Vec<(&'static str, String)>,
    pub signature: String,
}

impl Webhook {
    /// About a message.
    pub fn status(tenant: &str, message: &str, state: &str, more: &[(&'static str, &str)]) -> Self {
        let path = format!("/v1/callbacks/twilio/{tenant}/default/{message}");
        Self::to(path, [("MessageStatus", state)].iter().chain(more))
    }

    /// A text message that somebody wrote.
    pub fn inbound(tenant: &str, from: &str, body: &str, sid: &str) -> Self {
        let path = format!("/v1/callbacks/twilio/{tenant}/default/inbound");
        Self::to(path, &[("From", from), ("Body", body), ("MessageSid", sid)])
    }

    fn to<'a>(path: String, fields: impl IntoIterator<Item = &'a (&'static str, &'a str)>) -> Self {
        let mut form: Vec<_> = fields.into_iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        form.push(("AccountSid", ACCOUNT.to_owned()));
        form.push(("ApiVersion", "2010-04-01".to_owned()));
        Self { token: TOKEN, path, form, signature: String::new() }
    }

    pub fn with_token(self, token: &'static str) -> Self {
        Self { token, ..self }
    }

    /// Another value of a field.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.form.retain(|(known, _)| *known != name);
        self.form.push((name, value.to_owned()));
        self
    }

    fn encoded(&self) -> Vec<u8> {
        let escape = |text: &str| -> String {
            let plain = |b: u8| b.is_ascii_alphanumeric();
            text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
        };
        let pairs: Vec<String> = self.form.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        pairs.join("&").into_bytes()
    }

    /// The request, as a proxy in front passes it on: with a host of its own and without the public prefix.
    pub fn call(&self, app: &TestApp) -> Call {
        app.post(&self.path)
            .header("x-twilio-signature", &self.signature)
            .bytes("application/x-www-form-urlencoded", self.encoded())
    }

    pub async fn send(&self, app: &TestApp) -> Answer {
        self.call(app).send().await
    }
}

/// Signs with the official package, all at once.
pub fn sign(webhooks: &mut [Webhook]) {
    let asked: Vec<Value> = webhooks
        .iter()
        .map(|hook| json!({ "token": hook.token, "url": format!("{PUBLIC}{}", hook.path), "form": hook.form }))
        .collect();
    for (hook, signed) in webhooks.iter_mut().zip(signed(&asked)) {
        signed["signature"].as_str().expect("a signature").clone_into(&mut hook.signature);
    }
}

/// One of them.
pub fn signed_one(hook: Webhook) -> Webhook {
    let mut one = [hook];
    sign(&mut one);
    let [hook] = one;
    hook
}

/// What the package answers, line by line.
pub fn signed(asked: &[Value]) -> Vec<Value> {
    let site = python::twilio().expect("the twilio package");
    let mut child = Command::new("python3")
        .arg(python::script("twilio_sign.py"))
        .env("PYTHONPATH", site)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut lines = String::new();
    for line in asked {
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut input = child.stdin.take().expect("piped");
    // Beside the reading: both pipes are small.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("ended");
    writer.join().expect("written").expect("taken");
    assert!(output.status.success());
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), asked.len());
    answers
}

impl TestApp {
    /// The newest message asked for over a channel.
    pub async fn newest_message(&self, channel: Channel) -> MessageId {
        let all = self.log.read_category(Category::Delivery, Seq::ZERO, 1000).await.expect("the log");
        let prefix = format!("tf.dl.{}.", channel.name());
        let last = all.iter().rev().find(|stored| stored.subject.as_str().starts_with(&prefix)).expect("a message");
        MessageId::parse(last.subject.last_token()).expect("an id")
    }

    /// What a worker would write down.
    pub async fn record(&self, tenant: &str, message: &MessageId, event: DeliveryEvent) {
        let subject = Subject::ledger(&TenantId::parse(tenant).expect("an id"), message);
        let (at, id) = (self.clock.now(), CommitId::from_bytes(OsRandom.bytes16()));
        let meta = Meta { at, actor: ActorKind::System, actor_token: None, request_id: None, private: None };
        let body = wire::encode_delivery(&meta, &[event]);
        let (payload, _) = Chain::start().seal(self.engine.keyring(), &subject, &id, body);
        self.log.append(Append::one(NewCommit { subject, expected: None, id, payload })).await.expect("appended");
    }

    /// A provider took it.
    pub async fn accepted(&self, tenant: &str, message: &MessageId, sid: &str) {
        let (provider_id, provider) = (Some(sid.to_owned()), Some("default".to_owned()));
        self.record(tenant, message, DeliveryEvent::Accepted { attempt: 1, provider_id, provider, region: None }).await;
    }

    /// Where a message stands, by its ledger.
    pub async fn stands(&self, tenant: &str, message: &MessageId) -> &'static str {
        let tenant = TenantId::parse(tenant).expect("an id");
        self.engine.message_ledger(&tenant, message).await.expect("the log").standing().name()
    }
}

impl Tenant<'_> {
    /// A live text message to a user, not handed over yet.
    pub async fn text_message(&self, user: &str, phone: &str) -> MessageId {
        self.user(user, json!({ "phone": phone })).await;
        let body = json!({ "method": "sms", "reauth": { "confirmed": true } });
        self.post(&format!("/v1/users/{user}/enrolments")).json(&body).expect(201).await;
        self.app.newest_message(Channel::Sms).await
    }

    /// Whether nothing is sent to a destination, and why.
    pub async fn suppressed(&self, channel: &str, destination: &str) -> Value {
        let body = json!({ "channel": channel, "destination": destination });
        let found = self.post("/v1/suppressions/lookup").json(&body).expect(200).await;
        if found["suppressed"] == true { found["cause"].clone() } else { Value::Null }
    }
}

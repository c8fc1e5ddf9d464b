//! What a panel does, in a line each.

use serde_json::{Value, json};
use twofold_crypto::totp;
use twofold_domain::{Timestamp, TotpParams};

use super::{Call, TestApp};

/// A tenant with its keys.
pub struct Tenant<'a> {
    pub app: &'a TestApp,
    pub id: String,
    pub live: String,
    pub test: String,
    pub live_id: String,
}

impl Tenant<'_> {
    pub fn get(&self, path: &str) -> Call {
        self.app.get(path).key(&self.live)
    }

    pub fn post(&self, path: &str) -> Call {
        self.app.post(path).key(&self.live)
    }

    pub fn put(&self, path: &str) -> Call {
        self.app.put(path).key(&self.live)
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        self.app.call(method, path).key(&self.live)
    }

    pub async fn user(&self, id: &str, body: Value) -> Value {
        self.put(&format!("/v1/users/{id}")).json(&body).expect(200).await
    }

    /// Begins set-up of an authenticator: enrolment id and secret in base32.
    pub async fn begin_totp(&self, user: &str) -> (String, String) {
        let body = json!({ "method": "totp", "reauth": { "confirmed": true } });
        let made = self.post(&format!("/v1/users/{user}/enrolments")).json(&body).expect(201).await;
        (made["id"].as_str().expect("id").to_owned(), made["totp"]["secret"].as_str().expect("secret").to_owned())
    }

    /// Enrols an authenticator with the code of now: the secret, and the answer.
    pub async fn enrol_totp(&self, user: &str) -> (String, Value) {
        let (enrolment, secret) = self.begin_totp(user).await;
        let code = totp_code(&secret, self.app.now());
        let done = self
            .post(&format!("/v1/users/{user}/enrolments/{enrolment}/confirm"))
            .json(&json!({ "code": code }))
            .expect(200)
            .await;
        (secret, done)
    }

    /// Everything of a user's audit that this tenant's key can see, oldest first, after the last write.
    pub async fn audit(&self, query: &str) -> Value {
        let position = self.app.head().await.0;
        self.get(&format!("/v1/audit?order=asc&limit=500&min_position={position}{query}")).expect(200).await
    }
}

impl TestApp {
    pub fn now(&self) -> Timestamp {
        use twofold_engine::Clock as _;
        self.clock.now()
    }
}

/// The code an authenticator shows.
pub fn totp_code(secret: &str, at: Timestamp) -> String {
    let secret = totp::parse_base32(secret).expect("base32");
    let params = TotpParams::default();
    totp::code_at(&secret, &params, totp::step_at(&params, at)).expose().to_owned()
}

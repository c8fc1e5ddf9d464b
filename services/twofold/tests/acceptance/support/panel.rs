//! A hosting panel: it holds an API key and asks about its users.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::app::App;
use super::http::{Answer, Connection, request, segment};
use super::nodes;

/// Routes whose changes every process has to learn of.
const CONFIGURATION: [&str; 4] = ["/v1/settings", "/v1/accounts", "/v1/channels", "/v1/api-keys"];

/// A panel with one key.
#[derive(Debug, Clone)]
pub struct Panel {
    pub address: SocketAddr,
    pub key: String,
}

impl Panel {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned() }
    }

    /// The bytes of a request with a JSON body; `Value::Null` is none.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        request(method, path, &all, text.as_bytes())
    }

    pub fn try_call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> io::Result<Answer> {
        Connection::open(self.address)?.send(&self.request(method, path, headers, body))
    }

    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_with(method, path, &[], body)
    }

    #[track_caller]
    pub fn call_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let answer =
            self.try_call(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        if method != "GET" && answer.status < 300 && CONFIGURATION.iter().any(|part| path.starts_with(part)) {
            nodes::agree(self.address, answer.json()["position"].as_u64().unwrap_or_default());
        }
        answer
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body)
    }

    /// Changes the tenant's settings.
    #[track_caller]
    pub fn settings(&self, patch: &Value) {
        self.call("PATCH", "/v1/settings", patch).expect(200);
    }

    /// A text of the tenant, as its settings show it.
    #[track_caller]
    pub fn text(&self, id: &str) -> String {
        let settings = self.get("/v1/settings").expect(200);
        let text = &settings["effective"]["messages"]["en"][id];
        text.as_str().unwrap_or_else(|| panic!("no text {id} in {settings}")).to_owned()
    }

    pub fn user(&self, id: &str) -> User {
        User { panel: self.clone(), id: id.to_owned() }
    }

    /// Tells of a user.
    #[track_caller]
    pub fn register(&self, id: &str, profile: &Value) -> User {
        let user = self.user(id);
        user.put(profile).expect(200);
        user
    }
}

/// The proof "the user confirmed".
pub fn confirmed() -> Value {
    json!({ "reauth": { "confirmed": true } })
}

/// One user as the panel sees him.
#[derive(Debug, Clone)]
pub struct User {
    pub panel: Panel,
    pub id: String,
}

impl User {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/users/{}{rest}", segment(&self.id))
    }

    #[track_caller]
    pub fn post(&self, rest: &str, body: &Value) -> Answer {
        self.panel.post(&self.path(rest), body)
    }

    #[track_caller]
    pub fn put(&self, profile: &Value) -> Answer {
        self.panel.call("PUT", &self.path(""), profile)
    }

    #[track_caller]
    pub fn get(&self) -> Value {
        self.panel.get(&self.path("")).expect(200)
    }

    /// `enabled`, `setup_pending` or `disabled`.
    #[track_caller]
    pub fn status(&self) -> String {
        self.get()["status"].as_str().expect("a status").to_owned()
    }

    /// What the login page must show after the password.
    #[track_caller]
    pub fn login(&self) -> Value {
        let answer = self.post("/challenges", &json!({}));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        answer.json()
    }

    /// Answers a challenge.
    #[track_caller]
    pub fn answer(&self, challenge: &Value, code: &str) -> Answer {
        let id = challenge["id"].as_str().unwrap_or_else(|| panic!("no challenge: {challenge}"));
        self.post(&format!("/challenges/{id}/verify"), &json!({ "code": code }))
    }

    /// Tries a code in one shot.
    #[track_caller]
    pub fn verify(&self, code: &str) -> Answer {
        self.post("/verify", &json!({ "code": code }))
    }

    #[track_caller]
    pub fn verify_recovery(&self, code: &str) -> Answer {
        self.post("/verify", &json!({ "code": code, "method": "recovery_code" }))
    }

    /// Begins set-up after a confirmation.
    #[track_caller]
    pub fn start(&self, method: &str) -> Answer {
        self.post("/enrolments", &json!({ "method": method, "reauth": { "confirmed": true } }))
    }

    #[track_caller]
    pub fn confirm(&self, enrolment: &Value, code: &str) -> Answer {
        let id = enrolment["id"].as_str().unwrap_or_else(|| panic!("no enrolment: {enrolment}"));
        self.post(&format!("/enrolments/{id}/confirm"), &json!({ "code": code }))
    }

    /// Sets up an authenticator from the profile page; gives it with the recovery codes.
    #[track_caller]
    pub fn enrol_app(&self) -> (App, Vec<String>) {
        let enrolment = self.start("totp").expect(201);
        let mut app = App::typed_in(&enrolment);
        let done = self.confirm(&enrolment, &app.fresh()).expect(200);
        (app, recovery_codes(&done))
    }

    /// Sets up an authenticator during a login, for presets without set-up from the profile page.
    #[track_caller]
    pub fn enrol_app_at_login(&self, skew: u64) -> App {
        let challenge = self.login();
        assert_eq!(challenge["status"], "setup_required", "{challenge}");
        let mut app = App::typed_in(&challenge["enrolment"]).with_skew(skew);
        let done = self.answer(&challenge, &app.fresh()).expect(200);
        assert_eq!(done["enrolled"], true, "{done}");
        app
    }

    /// What happened to the user up to a position, oldest first.
    #[track_caller]
    pub fn audit(&self, position: u64) -> Vec<Value> {
        let path = self.path(&format!("/audit?order=asc&limit=500&min_position={position}"));
        let page = self.panel.get(&path).expect(200);
        page["items"].as_array().expect("items").clone()
    }

    /// The newest code that the test inbox holds for the user.
    #[track_caller]
    pub fn inbox_code(&self, kind: &str) -> String {
        let path = format!("/v1/test/messages?user={}", segment(&self.id));
        let messages = self.panel.get(&path).expect(200);
        let items = messages["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {messages}"));
        found["code"].as_str().expect("a code").to_owned()
    }
}

#[track_caller]
pub fn recovery_codes(answer: &Value) -> Vec<String> {
    let codes = answer["recovery_codes"].as_array().map(Vec::as_slice).unwrap_or_default();
    codes.iter().map(|code| code.as_str().expect("a text").to_owned()).collect()
}

#[track_caller]
pub fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap_or_else(|| panic!("no position: {answer}"))
}

/// The masked names of the methods a user has.
pub fn methods(user: &Value) -> Vec<String> {
    let found = user["methods"].as_array().map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|method| method["method"].as_str().unwrap_or_default().to_owned()).collect()
}

//! A broker, a database, and processes with one role each.

use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use twofold_test_support::{NatsOptions, NatsServer, PostgresServer};

use crate::support::{Home, Ran, Server, ran, word};

/// One installation of several processes.
pub struct Stage {
    pub home: Home,
    pub nats: NatsServer,
    pub postgres: PostgresServer,
    pub database: String,
    pub master_key: String,
}

impl Stage {
    /// With nothing at the broker and in the database.
    pub fn empty() -> Self {
        Self::on(&NatsOptions::default())
    }

    pub fn on(options: &NatsOptions) -> Self {
        let starting = thread::spawn(|| {
            let server = PostgresServer::start().expect("a database server");
            let url = server.create_database().expect("a database");
            (server, url)
        });
        let nats = NatsServer::start(options).expect("a broker");
        let (postgres, database) = starting.join().expect("no panic");
        Self { home: Home::new(), nats, postgres, database, master_key: "0123456789abcdef".repeat(4) }
    }

    /// After `twofold init`.
    pub fn initialised() -> Self {
        let stage = Self::empty();
        stage.run(&["init"]).code(0);
        stage
    }

    /// The program with everything it needs in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command
            .env("TWOFOLD__NATS__SERVERS", self.nats.url())
            .env("TWOFOLD__NATS__MONITORS", self.nats.monitor())
            .env("TWOFOLD__POSTGRES__URL", &self.database)
            .env("TWOFOLD__MASTER_KEY", &self.master_key)
            .env("TWOFOLD__DELIVERY__ALLOW_PRIVATE_NETWORKS", "true");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// Starts a process with a role and waits until it is ready.
    #[track_caller]
    pub fn start(&self, role: &str, name: &str) -> Server {
        let mut server = self.begin(role, name);
        server.ready();
        server
    }

    /// Starts a process with a role and waits until it listens.
    #[track_caller]
    pub fn begin(&self, role: &str, name: &str) -> Server {
        let mut server = self.home.start(&mut self.command(&[role, "--listen", "127.0.0.1:0"]), name);
        server.listening();
        server
    }

    /// A live key of a new tenant.
    #[track_caller]
    pub fn tenant(&self, name: &str, preset: &str) -> String {
        word(&self.run(&["tenant", "create", name, "--preset", preset]).code(0).out, "tf_live_")
    }
}

/// A post that must be answered so.
#[track_caller]
pub fn post(server: &Server, key: &str, path: &str, body: &Value, status: u16) -> Value {
    let (found, answer) = server.ask("POST", path, key, &body.to_string());
    assert_eq!(found, status, "{path}: {answer}");
    answer
}

/// Sets up an authenticator for a new user; gives the recovery codes.
#[track_caller]
pub fn enrol(server: &Server, key: &str, user: &str) -> Vec<String> {
    let path = format!("/v1/users/{user}");
    assert_eq!(server.ask("PUT", &path, key, "{}").0, 200);
    let begun = json!({ "method": "totp", "reauth": { "confirmed": true } });
    let enrolment = post(server, key, &format!("{path}/enrolments"), &begun, 201);
    let secret = enrolment["totp"]["secret"].as_str().expect("a secret");
    let shown = ran(Command::new("oathtool").args(["--totp", "--base32", secret]));
    let confirm = format!("{path}/enrolments/{}/confirm", enrolment["id"].as_str().expect("an id"));
    let done = post(server, key, &confirm, &json!({ "code": shown.code(0).out.trim() }), 200);
    let codes = done["recovery_codes"].as_array().expect("codes");
    codes.iter().map(|code| code.as_str().expect("a text").to_owned()).collect()
}

/// Tries a recovery code: status and answer.
pub fn verify(server: &Server, key: &str, user: &str, code: &str) -> (u16, Value) {
    let body = json!({ "code": code, "method": "recovery_code" });
    server.ask("POST", &format!("/v1/users/{user}/verify"), key, &body.to_string())
}

//! What is sent to Twilio, held against Twilio's published description of its API by Prism.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{around, merge, sms, sms_channel};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use twofold_delivery::transport::{OutgoingSms, Surroundings, TwilioSender};
use twofold_test_support::node::{Prism, prism};
use twofold_test_support::{HttpStub, PortLease, Process, Reaction};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
const STARTED: Duration = Duration::from_mins(1);

/// Prism as a server that refuses what the description does not allow.
struct Judge {
    url: String,
    around: Surroundings,
    /// Every parameter there is.
    known: BTreeSet<String>,
    _process: Process,
    _lease: PortLease,
    _home: TempDir,
}

impl Judge {
    async fn start() -> Self {
        let Prism { program, messages_api } = tokio::task::spawn_blocking(prism).await.expect("joined").expect("Prism");
        let home = tempfile::tempdir().expect("a folder");
        let (description, known) = cut(&messages_api, home.path());
        let lease = PortLease::take().expect("a port");
        let port = lease.port().to_string();
        let log = fs::File::create(home.path().join("prism.log")).expect("a log");
        let mut command = Command::new(program);
        command.args(["mock", "--errors", "--host", "127.0.0.1", "--port", &port]).arg(description);
        command.stdout(log.try_clone().expect("a log")).stderr(Stdio::from(log));
        let process = Process::spawn(&mut command, "KILL", Some(home.path())).expect("Prism starts");
        let around = around(&[format!("127.0.0.1:{port}")], &[]);
        let judge = Self {
            url: format!("http://127.0.0.1:{port}"),
            around,
            known,
            _process: process,
            _lease: lease,
            _home: home,
        };
        judge.answers().await;
        judge
    }

    async fn answers(&self) {
        let until = Instant::now() + STARTED;
        while self.post("To=%2B4915112345678").await.is_none() {
            assert!(Instant::now() < until, "Prism does not answer");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A request by hand; the status and what Prism says about it.
    async fn post(&self, form: &str) -> Option<(u16, String)> {
        let authority = self.url.strip_prefix("http://")?;
        let mut stream = TcpStream::connect(authority).await.ok()?;
        let (path, length) = (MESSAGES.replace("{AccountSid}", ACCOUNT), form.len());
        // "a:b": who logs in is not for Prism to judge.
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Basic YTpi\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some((answer.get(9..12)?.parse().ok()?, answer))
    }
}

/// The description of the one request: the whole takes Prism long to read. And the names of all its parameters.
fn cut(published: &Path, folder: &Path) -> (PathBuf, BTreeSet<String>) {
    let whole: Value = serde_json::from_slice(&fs::read(published).expect("readable")).expect("JSON");
    let path = &whole["paths"][MESSAGES];
    let schema = &path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let names = schema["properties"].as_object().expect("parameters").keys().cloned().collect();
    let cut = json!({
        "openapi": whole["openapi"], "info": whole["info"], "servers": whole["servers"],
        "paths": { MESSAGES: path }, "components": whole["components"],
    });
    let file = folder.join("messages.json");
    fs::write(&file, cut.to_string()).expect("written");
    (file, names)
}

/// Prism does not look at parameters it does not know, so that a misspelt one would pass.
async fn names_sent(extra: &Value) -> BTreeSet<String> {
    let answer = json!({ "sid": "SM0123456789abcdef0123456789abcdef" });
    let stub = HttpStub::start(move |_| Reaction::json(201, &answer)).await.expect("a stub");
    let around = around(&[format!("127.0.0.1:{}", stub.port())], &[]);
    sender(&stub.url(), &around, extra).send(&sms()).await.expect("accepted");
    stub.requests()[0].form().into_iter().map(|(name, _)| name).collect()
}

fn sender(url: &str, around: &Surroundings, extra: &Value) -> TwilioSender {
    let mut twilio = json!({ "base_url": url, "account_sid": ACCOUNT, "auth_token": "token" });
    merge(&mut twilio, extra);
    let channel = sms_channel(json!({ "provider": "twilio", "timeout_ms": 10_000, "twilio": twilio }));
    TwilioSender::new(&channel, around).expect("a good channel")
}

#[tokio::test]
async fn what_is_sent_is_what_twilio_publishes() {
    let judge = Judge::start().await;
    let callback = "https://2fa.panel.example/v1/callbacks/twilio/t/main/m?x=1";
    for extra in [
        json!({ "from": "+15005550006" }),
        json!({ "from": "HOSTKEY", "status_callback": callback }),
        json!({ "messaging_service_sid": SERVICE, "status_callback": callback }),
    ] {
        let names = names_sent(&extra).await;
        assert!(names.is_subset(&judge.known), "{names:?}");
        assert!(
            names.contains("ValidityPeriod")
                && names.contains("StatusCallback") == extra.get("status_callback").is_some()
        );
        for life in [1, 299, 1_000_000] {
            let awkward = "730415 & <b>ü€</b> +%2B=;\n\n@panel.example #730415".to_owned();
            let whole = OutgoingSms { remaining_life: Duration::from_secs(life), body: awkward, ..sms() };
            let accepted = sender(&judge.url, &judge.around, &extra)
                .send(&whole)
                .await
                .unwrap_or_else(|error| panic!("{extra}: {error}"));
            assert!(accepted.provider_id.is_some_and(|sid| sid.starts_with("SM") || sid.starts_with("MM")), "{extra}");
        }
    }
}

#[tokio::test]
async fn the_judge_refuses_what_twilio_does_not_know() {
    let judge = Judge::start().await;
    let good = "To=%2B4915112345678&From=%2B15005550006&Body=x";
    assert_eq!(judge.post(good).await.expect("answered").0, 201);
    for (form, named) in [
        ("From=%2B15005550006&Body=x".to_owned(), "To"),
        (format!("{good}&ValidityPeriod=soon"), "ValidityPeriod"),
        (format!("{good}&ValidityPeriod=1.5"), "ValidityPeriod"),
        (format!("{good}&StatusCallback=nowhere"), "StatusCallback"),
    ] {
        let (status, text) = judge.post(&form).await.expect("answered");
        assert!(status == 422 && text.contains(named), "{form}: {status} {text}");
    }
}

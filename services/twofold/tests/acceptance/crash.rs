//! `kill -9` in the middle of load, fifty times (invariant 8).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::clock::{eventually, now_secs};
use crate::support::http::{Answer, Connection};
use crate::support::panel::{Panel, confirmed, recovery_codes};
use crate::support::server::Home;

const CRASHES: usize = 50;
const WORKERS: usize = 6;

/// An answer that was given: it must be in the log for ever.
#[derive(Debug)]
struct Acknowledged {
    panel: usize,
    request_id: String,
    position: u64,
}

/// A code that was sent, and where.
#[derive(Debug, Clone)]
struct Sent {
    panel: usize,
    path: String,
    body: Value,
}

#[derive(Debug, Default)]
struct Ledger {
    acknowledged: Vec<Acknowledged>,
    /// Acknowledged as accepted.
    spent: Vec<Sent>,
    /// The server died before it answered: accepted or not, nobody knows.
    open: Vec<Sent>,
}

impl Ledger {
    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.spent.extend(other.spent);
        self.open.extend(other.open);
    }
}

/// One connection and what it was answered.
struct Worker<'a> {
    name: String,
    panels: &'a [Panel],
    connection: Connection,
    requests: usize,
    answered: &'a AtomicUsize,
    ledger: Ledger,
}

/// The server is gone.
struct Gone;

impl Worker<'_> {
    fn ask(&mut self, panel: usize, method: &str, path: &str, body: &Value) -> Result<Answer, Gone> {
        self.requests += 1;
        let request_id = format!("{}-{}", self.name, self.requests);
        let bytes = self.panels[panel].request(method, path, &[("x-request-id", &request_id)], body);
        let answer = self.connection.send(&bytes).map_err(|_| Gone)?;
        // Reading leaves nothing behind; every other answer below is given after a write.
        if method != "GET" {
            assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text());
            let position = answer.json()["position"].as_u64().unwrap_or_else(|| panic!("{path}: {}", answer.text()));
            self.ledger.acknowledged.push(Acknowledged { panel, request_id, position });
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(answer)
    }

    /// Sends a right code.
    fn right(&mut self, panel: usize, path: &str, body: &Value) -> Result<Value, Gone> {
        let sent = Sent { panel, path: path.to_owned(), body: body.clone() };
        match self.ask(panel, "POST", path, body) {
            Ok(answer) => {
                self.ledger.spent.push(sent);
                Ok(answer.expect(200))
            }
            Err(gone) => {
                self.ledger.open.push(sent);
                Err(gone)
            }
        }
    }

    /// A life with an authenticator and recovery codes.
    fn app_user(&mut self, user: &str) -> Result<(), Gone> {
        let path = |rest: &str| format!("/v1/users/{user}{rest}");
        self.ask(0, "PUT", &path(""), &json!({ "locale": "en" }))?.expect(200);
        let start = json!({ "method": "totp", "reauth": { "confirmed": true } });
        let enrolment = self.ask(0, "POST", &path("/enrolments"), &start)?.expect(201);
        let app = App::typed_in(&enrolment);
        let id = enrolment["id"].as_str().expect("an id");
        let step = now_secs() / app.period;
        let done = self.right(0, &path(&format!("/enrolments/{id}/confirm")), &json!({ "code": app.code_at(step) }))?;
        let codes = recovery_codes(&done);
        self.right(0, &path("/verify"), &json!({ "code": app.code_at(step + 1) }))?;
        self.ask(0, "POST", &path("/verify"), &json!({ "code": app.one_wrong() }))?.problem(422, "wrong_code");
        self.right(0, &path("/verify"), &json!({ "code": codes[0], "method": "recovery_code" }))?;
        let login = self.ask(0, "POST", &path("/challenges"), &json!({}))?.expect(201);
        let id = login["id"].as_str().expect("an id");
        self.right(0, &path(&format!("/challenges/{id}/verify")), &json!({ "code": codes[1] }))?;
        if self.requests.is_multiple_of(2) {
            self.ask(0, "POST", &path("/recovery-codes"), &confirmed())?.expect(200);
        } else {
            self.ask(0, "POST", &path("/disable"), &confirmed())?.expect(200);
        }
        Ok(())
    }

    /// A life with codes by e-mail.
    fn mail_user(&mut self, user: &str) -> Result<(), Gone> {
        let path = |rest: &str| format!("/v1/users/{user}{rest}");
        self.ask(1, "PUT", &path(""), &json!({}))?.expect(200);
        let start =
            json!({ "method": "email", "destination": format!("{user}@example.org"), "reauth": { "confirmed": true } });
        let enrolment = self.ask(1, "POST", &path("/enrolments"), &start)?.expect(201);
        let id = enrolment["id"].as_str().expect("an id");
        let code = self.inbox(user, "enrolment")?;
        self.right(1, &path(&format!("/enrolments/{id}/confirm")), &json!({ "code": code }))?;
        for _ in 0..2 {
            let login = self.ask(1, "POST", &path("/challenges"), &json!({}))?.expect(201);
            let id = login["id"].as_str().expect("an id");
            let code = self.inbox(user, "login")?;
            self.right(1, &path(&format!("/challenges/{id}/verify")), &json!({ "code": code }))?;
        }
        Ok(())
    }

    fn inbox(&mut self, user: &str, kind: &str) -> Result<String, Gone> {
        let messages = self.ask(1, "GET", &format!("/v1/test/messages?user={user}"), &Value::Null)?.expect(200);
        let items = messages["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("no {kind}: {messages}"));
        Ok(found["code"].as_str().expect("a code").to_owned())
    }

    fn work(mut self) -> Ledger {
        for life in 0.. {
            let user = format!("{}-{life}", self.name);
            let with_app = (life + self.name.len()).is_multiple_of(2);
            let ended = if with_app { self.app_user(&user) } else { self.mail_user(&user) };
            if ended.is_err() {
                break;
            }
        }
        self.ledger
    }
}

/// Load from several connections until the server is killed.
fn load_until_killed(crash: usize, panels: &[Panel], mut kill: impl FnMut()) -> Ledger {
    let answered = AtomicUsize::new(0);
    let enough = 12 + crash * 13 % 60;
    let mut ledger = Ledger::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|number| {
                let connection = Connection::open(panels[0].address).expect("connected");
                let name = format!("c{crash}w{}{}", "x".repeat(number % 2), number);
                let worker =
                    Worker { name, panels, connection, requests: 0, answered: &answered, ledger: Ledger::default() };
                scope.spawn(move || worker.work())
            })
            .collect();
        eventually("enough answers", Duration::from_mins(1), || {
            let broken = workers.iter().any(thread::ScopedJoinHandle::is_finished);
            (broken || answered.load(Ordering::SeqCst) >= enough).then_some(())
        });
        kill();
        for worker in workers {
            ledger.add(worker.join().expect("a worker saw a wrong answer"));
        }
    });
    ledger
}

/// Every event of the tenant up to now, oldest first, and all of them.
fn whole_audit(panel: &Panel, position: u64) -> Vec<Value> {
    let answer = panel.get(&format!("/v1/audit?format=ndjson&order=asc&min_position={position}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let items: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(items.iter().all(|item| item["kind"] != "export.cut"), "the export is whole");
    items
}

fn panels(address: SocketAddr, keys: &[String]) -> Vec<Panel> {
    keys.iter().map(|key| Panel::new(address, key)).collect()
}

/// What was accepted once is accepted no more; what was open may be, once.
fn try_again(panels: &[Panel], spent: &[Sent], open: &[Sent]) -> Vec<Sent> {
    for sent in spent {
        let again = panels[sent.panel].post(&sent.path, &sent.body);
        assert!(
            matches!(again.status, 404 | 409 | 422 | 429),
            "accepted twice: {sent:?}: {} {}",
            again.status,
            again.text()
        );
    }
    let twice = |sent: &&Sent| {
        let told: Vec<u16> = (0..2).map(|_| panels[sent.panel].post(&sent.path, &sent.body).status).collect();
        assert!(told[1] != 200 && told.iter().all(|status| *status < 500), "{sent:?}: {told:?}");
        told[0] == 200
    };
    open.iter().filter(twice).cloned().collect()
}

#[test]
fn nothing_acknowledged_is_lost_and_no_code_counts_twice_through_fifty_kills() {
    let home = Home::new("");
    let keys = [home.tenant("with-apps", "ipi").test, home.tenant("with-mail", "hostkey").test];
    let mut all = Ledger::default();
    let mut server = home.serve();
    for crash in 0..CRASHES {
        let ledger = load_until_killed(crash, &panels(server.address, &keys), || server.kill());
        server = home.serve();
        let found = try_again(&panels(server.address, &keys), &ledger.spent, &ledger.open);
        all.add(Ledger { spent: [ledger.spent, found].concat(), ..ledger });
    }
    let panels = panels(server.address, &keys);
    assert!(all.acknowledged.len() > CRASHES * 12, "{} answers", all.acknowledged.len());
    try_again(&panels, &all.spent, &[]);
    for (number, panel) in panels.iter().enumerate() {
        let newest = all.acknowledged.iter().map(|known| known.position).max().expect("answers");
        let kept: BTreeSet<(String, u64)> = whole_audit(panel, newest)
            .iter()
            .map(|item| {
                (
                    item["request_id"].as_str().unwrap_or_default().to_owned(),
                    item["position"].as_u64().expect("a position"),
                )
            })
            .collect();
        let lost: Vec<_> = all
            .acknowledged
            .iter()
            .filter(|known| known.panel == number && !kept.contains(&(known.request_id.clone(), known.position)))
            .collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
    server.kill();
    let (status, output, errors) = home.run(&["verify-log"]);
    assert!(status.success(), "{output}\n{errors}");
    println!("{} acknowledged, {} codes accepted, through {CRASHES} kills", all.acknowledged.len(), all.spent.len());
}

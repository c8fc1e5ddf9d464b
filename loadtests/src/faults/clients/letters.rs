//! Users whose codes come by e-mail: a challenge, its mail, its answer, and the same answer again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Steps;
use super::account::Fact;
use super::answer::Reply;
use super::doors::Doors;
use super::mailbox::Mailbox;
use super::record::{Acknowledged, Record};
use crate::random::Dice;

/// Between two logins of a user: longer than a new code must be waited for.
const BETWEEN_MS: (u64, u64) = (31_000, 45_000);
/// Longest wait for a mail; what is later may be late for good reasons.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often a request without an answer is sent again.
const TRIES: u32 = 60;

/// One such user.
#[derive(Debug)]
pub struct LetterUsers {
    number: usize,
    address: String,
    path: String,
    doors: Doors,
    mailbox: Arc<Mailbox>,
    record: Arc<Record>,
    dice: Dice,
}

impl LetterUsers {
    /// Registers and sets up e-mail.
    pub async fn enrol(
        number: usize,
        doors: Doors,
        mailbox: &Arc<Mailbox>,
        record: &Arc<Record>,
        dice: Dice,
    ) -> Result<Self> {
        let (address, path) = (format!("user-{number}@panel.example"), format!("/v1/users/mail-{number}"));
        let mailbox = Arc::clone(mailbox);
        let mut made = Self { number, address, path, doors, mailbox, record: Arc::clone(record), dice };
        made.must("PUT", "", &format!(r#"{{"email":"{}"}}"#, made.address)).await?;
        let started = made.must("POST", "/enrolments", r#"{"method":"email","reauth":{"confirmed":true}}"#).await?;
        let id = started["id"].as_str().context("an id")?.to_owned();
        let code = made.mailbox.newest(&made.address, 0, PATIENCE).await.context("no mail to enrol with")?;
        made.must("POST", &format!("/enrolments/{id}/confirm"), &format!(r#"{{"code":"{code}"}}"#)).await?;
        Ok(made)
    }

    async fn must(&mut self, method: &str, rest: &str, body: &str) -> Result<serde_json::Value> {
        let path = format!("{}{rest}", self.path);
        let reply = self.doors.send(0, method, &path, body).await;
        ensure!((200..300).contains(&reply.says().0), "{method} {path}: {}", reply.describe());
        match reply {
            Reply::Answered { body, .. } => Ok(body),
            Reply::Cut | Reply::Silence => Ok(serde_json::Value::Null),
        }
    }

    /// Logs in again and again, until told to stop.
    pub async fn work(mut self, stop: Arc<AtomicBool>) -> Steps {
        let mut pause = self.dice.below(BETWEEN_MS.0);
        loop {
            for _ in 0..pause / 100 {
                if stop.load(Ordering::Relaxed) {
                    return Steps::new();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            self.log_in(&stop).await;
            pause = self.dice.between(BETWEEN_MS.0, BETWEEN_MS.1);
        }
    }

    async fn log_in(&mut self, stop: &AtomicBool) {
        let seen = self.mailbox.count(&self.address);
        let (opened, _) = self.send("/challenges", r#"{"method":"email"}"#, stop).await;
        let Reply::Answered { status: 201, position, body, .. } = &opened else {
            // A challenge without an answer may have been opened, and another one so soon after it is refused.
            return self.only("a challenge", &opened, &["resend_too_soon", "locked"]);
        };
        self.acknowledge(*position, Fact::Challenged);
        let Some(id) = body["id"].as_str().map(ToOwned::to_owned) else {
            return self.record.violation(format!("{}: a challenge without an id", self.path));
        };
        let Some(code) = self.mailbox.newest(&self.address, seen, PATIENCE).await else { return };
        let (path, body) = (format!("/challenges/{id}/verify"), format!(r#"{{"code":"{code}"}}"#));
        let (answered, doubt) = self.send(&path, &body, stop).await;
        match answered.says() {
            (200, _) => {
                if let Reply::Answered { position, .. } = &answered {
                    self.acknowledge(*position, Fact::MailAccepted);
                }
            }
            (422, "already_used") if doubt => {}
            // The mail of an earlier challenge may have come late.
            _ => return self.only("a mailed code", &answered, &["wrong_code", "expired", "locked"]),
        }
        let (again, _) = self.send(&path, &body, stop).await;
        self.only("a spent code", &again, &["already_used", "expired", "locked"]);
    }

    /// Sends until it is answered. Answers as well whether an attempt before had no answer.
    async fn send(&mut self, rest: &str, body: &str, stop: &AtomicBool) -> (Reply, bool) {
        let path = format!("{}{rest}", self.path);
        let mut doubt = false;
        for _ in 0..TRIES {
            let node = self.doors.any(&mut self.dice);
            let reply = self.doors.send(node, "POST", &path, body).await;
            if !reply.is_open() || stop.load(Ordering::Relaxed) {
                return (reply, doubt);
            }
            doubt = true;
            let pause = self.dice.between(100, 400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        (Reply::Cut, true)
    }

    fn acknowledge(&self, position: Option<u64>, fact: Fact) {
        match position {
            Some(position) => self.record.acknowledge(Acknowledged { user: self.number, position, fact }),
            None => self.record.violation(format!("{}: an answer without a position", self.path)),
        }
    }

    /// Anything but these, and what a fault is answered, is wrong.
    fn only(&self, what: &str, reply: &Reply, allowed: &[&str]) {
        let (_, code) = reply.says();
        if !reply.is_open() && !allowed.contains(&code) {
            self.record.violation(format!("{}: {what} was answered {}", self.path, reply.describe()));
        }
    }
}

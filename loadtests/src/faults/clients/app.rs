//! Users with an authenticator app. Each logs in once in a step, some with a wrong code, some twice at once, and some
//! try the spent code again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Steps;
use super::account::{Account, Ask, Fact};
use super::answer::Reply;
use super::doors::Doors;
use super::record::{Acknowledged, Record};
use crate::machine::unix_ms;
use crate::random::Dice;
use crate::scenarios::{User, code, step_now};

/// Length of a step.
const STEP_MS: u64 = 30_000;
/// Turns in a hundred with a wrong code, and with one code sent to two nodes at once.
const WRONG: u64 = 8;
const TWINS: u64 = 12;
/// Successes in a hundred after which the code is sent again.
const REPLAYS: u64 = 15;

/// The users of one client.
#[derive(Debug)]
pub struct AppUsers {
    users: Vec<(usize, User, Account)>,
    doors: Doors,
    second: Doors,
    record: Arc<Record>,
    dice: Dice,
}

impl AppUsers {
    /// Each with a number.
    pub fn new(users: Vec<(usize, User)>, doors: Doors, record: &Arc<Record>, dice: Dice) -> Self {
        let users = users.into_iter().map(|(number, user)| (number, user, Account::default())).collect();
        Self { users, second: doors.another(), doors, record: Arc::clone(record), dice }
    }

    /// Until told to stop. Answers the steps whose code had no answer.
    pub async fn work(mut self, stop: Arc<AtomicBool>) -> Steps {
        let pace = Duration::from_millis(STEP_MS / (self.users.len() as u64).max(1));
        let mut next = tokio::time::Instant::now();
        while !stop.load(Ordering::Relaxed) {
            for at in 0..self.users.len() {
                // Turns that a fault took are not made up for: that would be a load of its own.
                next = next.max(tokio::time::Instant::now());
                tokio::time::sleep_until(next).await;
                next += pace;
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                self.turn(at, &stop).await;
            }
        }
        let doubts = |(number, _, account): (usize, User, Account)| (number, account.doubts);
        self.users.into_iter().map(doubts).filter(|(_, doubts): &(usize, BTreeSet<u64>)| !doubts.is_empty()).collect()
    }

    async fn turn(&mut self, at: usize, ended: &AtomicBool) {
        let step = step_now();
        if self.users[at].2.spent >= step {
            return;
        }
        let lot = self.dice.below(100);
        if lot < WRONG {
            let code = wrong_code(&self.users[at].1.secret, step);
            self.ask(at, Ask::Wrong, &code).await;
            return;
        }
        let right = code(&self.users[at].1.secret, step);
        if lot < WRONG + TWINS {
            self.twins(at, step, &right).await;
        }
        // A fault is answered 503 or by a cut; then another node is asked, with the same code.
        while self.users[at].2.spent < step && step_now() == step && !ended.load(Ordering::Relaxed) {
            if !self.ask(at, Ask::Right(step), &right).await {
                break;
            }
            let pause = self.dice.between(50, 250);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        if self.users[at].2.spent == step && self.dice.percent(REPLAYS) {
            self.ask(at, Ask::Replay, &right).await;
        }
    }

    /// One request. Answers whether it is open what became of it.
    async fn ask(&mut self, at: usize, ask: Ask, code: &str) -> bool {
        let path = self.users[at].1.path("/verify");
        let node = self.doors.any(&mut self.dice);
        let reply = self.doors.send(node, "POST", &path, &body(code)).await;
        let judged = self.users[at].2.judge(ask, &reply, is_late(ask));
        self.take_down(at, judged, &reply);
        reply.is_open()
    }

    /// The right code to two nodes at once.
    async fn twins(&mut self, at: usize, step: u64, code: &str) {
        let (path, body) = (self.users[at].1.path("/verify"), body(code));
        let first = self.doors.any(&mut self.dice);
        let second = (first + 1) % self.doors.count();
        let (one, other) =
            tokio::join!(self.doors.send(first, "POST", &path, &body), self.second.send(second, "POST", &path, &body));
        let [judged, judged_other] = self.users[at].2.judge_twins(step, [&one, &other], is_late(Ask::Right(step)));
        self.take_down(at, judged, &one);
        self.take_down(at, judged_other, &other);
    }

    fn take_down(&self, at: usize, judged: Result<Option<Fact>, String>, reply: &Reply) {
        let (user, user_path, _) = &self.users[at];
        match (judged, reply) {
            (Ok(Some(fact)), Reply::Answered { position: Some(position), .. }) => {
                self.record.acknowledge(Acknowledged { user: *user, position: *position, fact });
            }
            (Ok(Some(_)), _) => {
                self.record.violation(format!("{}: an answer without a position", user_path.path("/verify")));
            }
            (Ok(None), _) => {}
            (Err(text), _) => self.record.violation(format!("{}: {text}", user_path.path("/verify"))),
        }
    }
}

fn body(code: &str) -> String {
    format!(r#"{{"code":"{code}"}}"#)
}

/// Whether the code may be refused as too old by now.
fn is_late(ask: Ask) -> bool {
    match ask {
        Ask::Right(step) => step_now() > step + 1,
        Ask::Wrong | Ask::Replay => false,
    }
}

/// A code that is not right in any step near.
fn wrong_code(secret: &[u8], step: u64) -> String {
    let near: Vec<String> = (step - 2..=step + 3).map(|step| code(secret, step)).collect();
    let salt = unix_ms() % 900_000;
    (0..10).map(|n| format!("{:06}", salt + n)).find(|code| !near.contains(code)).unwrap_or_default()
}

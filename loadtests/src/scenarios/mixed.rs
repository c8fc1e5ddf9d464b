//! A panel's day: logins, set-ups, resets, recovery codes, and support reading along.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use parking_lot::Mutex;
use serde_json::Value;

use super::answer::{Expected, told};
use super::caller::Caller;
use super::enrol::{Newcomer, Parts, demand, enrol, reset};
use super::targets::Targets;
use super::users::{User, Users};
use super::{login, verify};
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};
use crate::random::Dice;

/// Users made by a run and kept to be reset; beyond that they stay as they are.
const NEWCOMERS_MAX: usize = 65_536;

const RECOVERED: Expected = Expected::new(
    "verified by recovery code",
    200,
    &[r#""verified":true"#, r#""purpose":"login""#, r#""method":"recovery_code""#],
);
const RENEWED: Expected = Expected::new("new recovery codes", 200, &[r#""recovery_codes":[""#]);
const AUDIT: Expected = Expected::new("a page of the audit", 200, &[r#"{"items":["#, r#""position":"#]);

/// The scenario: verifications 70 %, logins 10 %, set-ups 5 %, resets 2 %, recovery codes 3 %, reads of the audit 5 % and of
/// users 5 %.
#[derive(Debug)]
pub struct Mixed {
    seed: u64,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    targets: Arc<Targets>,
    users: Arc<Users>,
    /// What the ids of new users begin with.
    prefix: Arc<str>,
    next: AtomicU32,
    newcomers: Mutex<VecDeque<User>>,
}

impl Mixed {
    /// Over these users; 25 for each operation a second. New ones are called `prefix` and a number: nobody else may be.
    pub fn new(targets: Arc<Targets>, users: Arc<Users>, prefix: &str, seed: u64) -> Self {
        let (next, newcomers) = (AtomicU32::new(0), Mutex::default());
        Self { seed, shared: Arc::new(Shared { targets, users, prefix: prefix.into(), next, newcomers }) }
    }
}

impl Scenario for Mixed {
    fn name(&self) -> &'static str {
        "mixed"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            self.shared.users.rested().await;
            let caller = Caller::open(&self.shared.targets, number).await?;
            let (dice, shared) = (Dice::of(self.seed, number), Arc::clone(&self.shared));
            let client: Box<dyn Client> = Box::new(Panel { caller, dice, shared });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Panel {
    caller: Caller,
    dice: Dice,
    shared: Arc<Shared>,
}

impl Client for Panel {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async move {
            match self.dice.below(100) {
                0..70 => verify::play(&mut self.caller, &self.shared.users, &mut self.dice).await,
                70..80 => login::play(&mut self.caller, &self.shared.users).await,
                80..85 => Some(self.enrol().await),
                // Nobody to reset yet: somebody is made for the next time.
                85..87 => match self.reset().await {
                    Some(played) => Some(played),
                    None => Some(self.enrol().await),
                },
                87..90 => self.recover().await,
                90..95 => Some(self.read("audit", "/audit?limit=10").await),
                _ => Some(self.read("user", "").await),
            }
        })
    }
}

impl Panel {
    async fn enrol(&mut self) -> Played {
        let shared = &self.shared;
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let tenant = u16::try_from(number as usize % shared.targets.tenants()).unwrap_or(0);
        let newcomer = Newcomer { prefix: Arc::clone(&shared.prefix), number, tenant };
        let mut parts = Parts::with_capacity(3);
        match enrol(&mut self.caller, newcomer, &mut parts).await {
            Ok(user) => {
                let mut newcomers = shared.newcomers.lock();
                if newcomers.len() < NEWCOMERS_MAX {
                    newcomers.push_back(user);
                }
                Played { kind: "enrol", verdict: Verdict::Right, parts }
            }
            Err(verdict) => Played { kind: "enrol", verdict, parts },
        }
    }

    async fn reset(&mut self) -> Option<Played> {
        let user = self.shared.newcomers.lock().pop_front()?;
        let verdict = reset(&mut self.caller, &user).await.err().unwrap_or(Verdict::Right);
        Some(Played { kind: "reset", verdict, parts: Vec::new() })
    }

    /// New recovery codes, and a login with one of them.
    async fn recover(&mut self) -> Option<Played> {
        let turn = self.shared.users.take()?;
        let user = turn.user();
        let verdict = match renew(&mut self.caller, user).await {
            Err(verdict) => verdict,
            Ok(code) => {
                let body = format!(r#"{{"code":"{code}","method":"recovery_code"}}"#);
                let request = ("POST", &*user.path("/verify"), &*body);
                demand(&mut self.caller, user.tenant, request, RECOVERED).await.err().unwrap_or(Verdict::Right)
            }
        };
        Some(Played { kind: "recovery", verdict, parts: Vec::new() })
    }

    /// A look at some user, be he busy or not.
    async fn read(&mut self, kind: &'static str, rest: &str) -> Played {
        let all = self.shared.users.all();
        let user = &all[usize::try_from(self.dice.below(all.len() as u64)).unwrap_or(0)];
        let path = user.path(rest);
        let verdict = match self.caller.call(user.tenant, ("GET", &path, "")).await {
            Err(verdict) => verdict,
            Ok(status) if kind == "audit" => AUDIT.judge(status, self.caller.body()),
            Ok(status) => is_user(status, self.caller.body(), user),
        };
        Played { kind, verdict, parts: Vec::new() }
    }
}

async fn renew(caller: &mut Caller, user: &User) -> Result<String, Verdict> {
    let path = user.path("/recovery-codes");
    demand(caller, user.tenant, ("POST", &path, r#"{"reauth":{"confirmed":true}}"#), RENEWED).await?;
    let body: Value = serde_json::from_slice(caller.body()).unwrap_or_default();
    let code = body["recovery_codes"][0].as_str().map(ToOwned::to_owned);
    code.ok_or_else(|| Verdict::WrongAnswer(told("a recovery code", 200, caller.body())))
}

/// It must be the very user who was asked for.
fn is_user(status: u16, body: &[u8], user: &User) -> Verdict {
    let found = Expected::new("the user", 200, &[r#""user":""#, r#""status":"enabled""#]).judge(status, body);
    let is_he = super::answer::member(body, "user") == Some(user.id().as_str());
    if found == Verdict::Right && !is_he { Verdict::WrongAnswer(told(&user.id(), status, body)) } else { found }
}

//! A login with an authenticator app: the challenge after the password, then the code.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::answer::{Expected, member, told, unless};
use super::caller::Caller;
use super::phone::{code, is_ambiguous};
use super::targets::Targets;
use super::users::Users;
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};

const ASKED: Expected = Expected::new(
    "a challenge that asks for a code",
    201,
    &[r#""status":"code_required""#, r#""login_allowed":false"#, r#""method":"totp""#],
);

/// The scenario.
#[derive(Debug)]
pub struct Login {
    targets: Arc<Targets>,
    users: Arc<Users>,
}

impl Login {
    /// Over these users; 30 for each login a second.
    pub fn new(targets: Arc<Targets>, users: Arc<Users>) -> Self {
        Self { targets, users }
    }
}

impl Scenario for Login {
    fn name(&self) -> &'static str {
        "login"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            self.users.rested().await;
            let caller = Caller::open(&self.targets, number).await?;
            let client: Box<dyn Client> = Box::new(Visitor { caller, users: Arc::clone(&self.users) });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Visitor {
    caller: Caller,
    users: Arc<Users>,
}

impl Client for Visitor {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(play(&mut self.caller, &self.users))
    }
}

/// One login. None: nobody has an unspent step.
pub(super) async fn play(caller: &mut Caller, users: &Users) -> Option<Played> {
    let turn = users.take()?;
    let (user, begun) = (turn.user(), Instant::now());
    let mut parts = Vec::with_capacity(2);
    let verdict = match challenge(caller, user.tenant, &user.path("/challenges"), "{}", ASKED).await {
        Err(verdict) => verdict,
        Ok(id) => {
            parts.push(("challenge", begun.elapsed()));
            let asked = Instant::now();
            let path = user.path(&format!("/challenges/{id}/verify"));
            let verdict = answer(caller, user.tenant, &path, &code(&user.secret, turn.step)).await;
            parts.push(("verify", asked.elapsed()));
            unless(verdict, || is_ambiguous(&user.secret, turn.step))
        }
    };
    if verdict == Verdict::Right {
        turn.passed();
    }
    Some(Played { kind: "login", verdict, parts })
}

/// Opens a challenge that must be as expected; answers its id.
pub(super) async fn challenge(
    caller: &mut Caller,
    tenant: u16,
    path: &str,
    body: &str,
    expected: Expected,
) -> Result<String, Verdict> {
    let status = caller.call(tenant, ("POST", path, body)).await?;
    match (expected.judge(status, caller.body()), member(caller.body(), "id")) {
        (Verdict::Right, Some(id)) => Ok(id.to_owned()),
        (Verdict::Right, None) => Err(Verdict::WrongAnswer(told("an id", status, caller.body()))),
        (verdict, _) => Err(verdict),
    }
}

/// Answers a challenge with a code that is right.
pub(super) async fn answer(caller: &mut Caller, tenant: u16, path: &str, code: &str) -> Verdict {
    match caller.call(tenant, ("POST", path, &format!(r#"{{"code":"{code}"}}"#))).await {
        Ok(status) => Expected::RIGHT.judge(status, caller.body()),
        Err(verdict) => verdict,
    }
}

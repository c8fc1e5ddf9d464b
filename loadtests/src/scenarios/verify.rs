//! `POST /v1/users/{user}/verify`: 90 right codes in a hundred, 8 wrong ones and 2 that were spent.

use std::sync::Arc;

use anyhow::Result;

use super::answer::{Expected, unless};
use super::caller::Caller;
use super::phone::{code, is_ambiguous, is_of_some_step, wrong_code};
use super::targets::Targets;
use super::users::{Turn, Users};
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};
use crate::random::Dice;

/// Codes in a hundred that are wrong, and that were spent.
const WRONG_PERCENT: u64 = 8;
const SPENT_PERCENT: u64 = 2;

/// The scenario.
#[derive(Debug)]
pub struct Verify {
    targets: Arc<Targets>,
    users: Arc<Users>,
    seed: u64,
}

impl Verify {
    /// Over these users; 30 for each operation a second.
    pub fn new(targets: Arc<Targets>, users: Arc<Users>, seed: u64) -> Self {
        Self { targets, users, seed }
    }
}

impl Scenario for Verify {
    fn name(&self) -> &'static str {
        "verify"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            self.users.rested().await;
            let caller = Caller::open(&self.targets, number).await?;
            let client: Box<dyn Client> =
                Box::new(Verifier { caller, users: Arc::clone(&self.users), dice: Dice::of(self.seed, number) });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Verifier {
    caller: Caller,
    users: Arc<Users>,
    dice: Dice,
}

impl Client for Verifier {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(play(&mut self.caller, &self.users, &mut self.dice))
    }
}

/// One code of the mix. None: nobody has an unspent step.
pub(super) async fn play(caller: &mut Caller, users: &Users, dice: &mut Dice) -> Option<Played> {
    let lot = dice.below(100);
    if lot < SPENT_PERCENT
        && let Some(turn) = users.take_spent()
    {
        return Some(replay(caller, &turn).await);
    }
    let turn = users.take()?;
    if (SPENT_PERCENT..SPENT_PERCENT + WRONG_PERCENT).contains(&lot) && turn.may_fail() {
        return Some(wrong(caller, &turn, dice.next()).await);
    }
    Some(right(caller, &turn).await)
}

async fn right(caller: &mut Caller, turn: &Turn<'_>) -> Played {
    let secret = &turn.user().secret;
    let verdict = send(caller, turn, &code(secret, turn.step), Expected::RIGHT).await;
    // The server may have taken it for the code of a neighbouring step, and spent that one.
    let verdict = unless(verdict, || is_ambiguous(secret, turn.step));
    if verdict == Verdict::Right {
        turn.passed();
    }
    Played { kind: "right", verdict, parts: Vec::new() }
}

async fn wrong(caller: &mut Caller, turn: &Turn<'_>, choice: u64) -> Played {
    let secret = &turn.user().secret;
    let code = wrong_code(secret, turn.step, choice);
    turn.failed();
    let verdict = send(caller, turn, &code, Expected::WRONG).await;
    // Spent long ago, by chance: no success, and the reason is the truth.
    let spent = || Expected::SPENT.is_met(422, caller.body()) && is_of_some_step(secret, turn.step, &code);
    let verdict = unless(verdict, spent);
    Played { kind: "wrong", verdict, parts: Vec::new() }
}

async fn replay(caller: &mut Caller, turn: &Turn<'_>) -> Played {
    turn.failed();
    let secret = &turn.user().secret;
    let verdict = send(caller, turn, &code(secret, turn.step), Expected::SPENT).await;
    let verdict = unless(verdict, || is_ambiguous(secret, turn.step));
    Played { kind: "replay", verdict, parts: Vec::new() }
}

async fn send(caller: &mut Caller, turn: &Turn<'_>, code: &str, expected: Expected) -> Verdict {
    let user = turn.user();
    let request = ("POST", &*user.path("/verify"), &*format!(r#"{{"code":"{code}"}}"#));
    match caller.call(user.tenant, request).await {
        Ok(status) => expected.judge(status, caller.body()),
        Err(verdict) => verdict,
    }
}

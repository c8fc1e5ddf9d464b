//! Set-up of an authenticator app over the API, as any panel does it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use data_encoding::BASE32_NOPAD;

use super::answer::{Expected, member, told};
use super::caller::Caller;
use super::phone::{code, is_ambiguous, step_now};
use super::users::{SECRET_BYTES, User};
use crate::load::Verdict;

const TOLD: Expected = Expected::new("the user", 200, &[r#""user":""#, r#""position":"#]);
const STARTED: Expected = Expected::new("a set-up", 201, &[r#""method":"totp""#, r#""secret":""#]);
const ENROLLED: Expected =
    Expected::new("a finished set-up", 200, &[r#""verified":true"#, r#""purpose":"enrolment""#, r#""enrolled":true"#]);
const ACTIVE: Expected = Expected::new("already_enrolled", 409, &[r#""code":"already_enrolled""#]);
const RESET: Expected = Expected::new("a reset", 200, &[r#""status":""#]);

const BEGIN: &str = r#"{"method":"totp","reauth":{"confirmed":true}}"#;
/// The user himself, in a session that passed the second factor.
const BY_USER: &str = r#"{"reauth":{"confirmed":true,"session_verified":true}}"#;
/// Tries of the confirmation: a step may end between making a code and its judgement.
const TRIES: u32 = 3;

/// How long each part took.
pub(super) type Parts = Vec<(&'static str, Duration)>;

/// A user who is to be made.
#[derive(Debug, Clone)]
pub(super) struct Newcomer {
    pub(super) prefix: Arc<str>,
    pub(super) number: u32,
    pub(super) tenant: u16,
}

/// Registers a user and sets his authenticator up.
///
/// # Errors
/// Another answer than the one documented.
pub(super) async fn enrol(caller: &mut Caller, newcomer: Newcomer, parts: &mut Parts) -> Result<User, Verdict> {
    let Newcomer { prefix, number, tenant } = newcomer;
    let mut user = User { prefix, number, tenant, spent: 0, secret: [0; SECRET_BYTES] };
    let begun = Instant::now();
    demand(caller, tenant, ("PUT", &user.path(""), "{}"), TOLD).await?;
    parts.push(("register", begun.elapsed()));
    let begun = Instant::now();
    let path = user.path("/enrolments");
    let status = caller.call(tenant, ("POST", &path, BEGIN)).await?;
    if ACTIVE.is_met(status, caller.body()) {
        // He was set up by a run that did not live to write him down.
        reset(caller, &user).await?;
        demand(caller, tenant, ("POST", &path, BEGIN), STARTED).await?;
    } else {
        passed(STARTED.judge(status, caller.body()))?;
    }
    parts.push(("enrol", begun.elapsed()));
    let (enrolment, secret) = read_setup(caller.body())?;
    user.secret = secret;
    let begun = Instant::now();
    confirm(caller, &mut user, &enrolment).await?;
    parts.push(("confirm", begun.elapsed()));
    Ok(user)
}

/// The user has his second factor removed.
pub(super) async fn reset(caller: &mut Caller, user: &User) -> Result<(), Verdict> {
    demand(caller, user.tenant, ("POST", &user.path("/reset"), BY_USER), RESET).await
}

/// The step before this one still enrols and leaves this one to be used, unless another begins just now.
async fn confirm(caller: &mut Caller, user: &mut User, enrolment: &str) -> Result<(), Verdict> {
    let path = user.path(&format!("/enrolments/{enrolment}/confirm"));
    let mut last = Verdict::Right;
    for _ in 0..TRIES {
        user.spent = step_now() - 1;
        let body = format!(r#"{{"code":"{}"}}"#, code(&user.secret, user.spent));
        let status = caller.call(user.tenant, ("POST", &path, &body)).await?;
        last = ENROLLED.judge(status, caller.body());
        if last == Verdict::Right {
            // What else it may have been taken for is spent as well.
            user.spent += if is_ambiguous(&user.secret, user.spent) { 2 } else { 0 };
            return Ok(());
        }
        if step_now() == user.spent + 1 {
            break;
        }
    }
    Err(last)
}

fn read_setup(body: &[u8]) -> Result<(String, [u8; SECRET_BYTES]), Verdict> {
    let bytes = member(body, "secret").and_then(|text| BASE32_NOPAD.decode(text.as_bytes()).ok());
    let secret = bytes.and_then(|bytes| <[u8; SECRET_BYTES]>::try_from(bytes).ok());
    let read = member(body, "id").map(ToOwned::to_owned).zip(secret);
    read.ok_or_else(|| Verdict::WrongAnswer(told("an id and a secret of 160 bit", 201, body)))
}

/// A request with one documented answer.
pub(super) async fn demand(
    caller: &mut Caller,
    tenant: u16,
    request: super::caller::Request<'_>,
    expected: Expected,
) -> Result<(), Verdict> {
    let status = caller.call(tenant, request).await?;
    passed(expected.judge(status, caller.body()))
}

fn passed(verdict: Verdict) -> Result<(), Verdict> {
    if verdict == Verdict::Right { Ok(()) } else { Err(verdict) }
}

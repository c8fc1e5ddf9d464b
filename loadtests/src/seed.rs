//! Users with an authenticator, made over the API like any panel makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use twofold_crypto::totp;
use twofold_domain::TotpParams;

use crate::client::{Connection, Target};

/// A seeded user.
#[derive(Debug)]
pub struct User {
    /// The path of the verification.
    pub path: String,
    /// The shared secret.
    pub secret: Vec<u8>,
}

/// The current TOTP step of this machine.
#[expect(clippy::disallowed_methods, reason = "the generator plays the user's phone, which has a clock of its own")]
pub fn unix_millis() -> Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())
}

/// The step a code belongs to now.
pub fn current_step() -> Result<u64> {
    Ok(u64::try_from(unix_millis()? / 30_000)?)
}

/// The code of a step.
pub fn code(secret: &[u8], step: u64) -> String {
    totp::code_at(secret, &TotpParams::default(), step).expose().to_owned()
}

/// Registers and enrols `count` users over `connections` connections.
pub async fn users(target: &Target, prefix: &str, count: usize, connections: usize) -> Result<Vec<User>> {
    let bar = ProgressBar::new(count as u64);
    bar.set_message("enrolling");
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (target, next, bar, prefix) = (target.clone(), Arc::clone(&next), bar.clone(), prefix.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&target).await?;
            let mut made = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    return Ok::<_, anyhow::Error>(made);
                }
                made.push(enrol(&mut connection, &format!("{prefix}-{n}")).await?);
                bar.inc(1);
            }
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(made) = tasks.join_next().await {
        all.extend(made??);
    }
    bar.finish_and_clear();
    Ok(all)
}

async fn enrol(connection: &mut Connection, id: &str) -> Result<User> {
    let path = format!("/v1/users/{id}");
    let answer = connection.send("PUT", &path, "{}").await?;
    ensure!(answer.status == 200, "PUT {path}: {} {}", answer.status, String::from_utf8_lossy(answer.body));
    let answer = connection
        .send("POST", &format!("{path}/enrolments"), r#"{"method":"totp","reauth":{"confirmed":true}}"#)
        .await?;
    ensure!(answer.status == 201, "enrolment: {} {}", answer.status, String::from_utf8_lossy(answer.body));
    let body: serde_json::Value = serde_json::from_slice(answer.body)?;
    let enrolment = body["id"].as_str().context("an id")?.to_owned();
    let secret = totp::parse_base32(body["totp"]["secret"].as_str().context("a secret")?)?.to_vec();
    // The step before this one still enrols and leaves this one for the run, unless a new step begins just now.
    for _ in 0..3 {
        let code = code(&secret, current_step()? - 1);
        let answer = connection
            .send("POST", &format!("{path}/enrolments/{enrolment}/confirm"), &format!(r#"{{"code":"{code}"}}"#))
            .await?;
        if answer.status == 200 {
            return Ok(User { path: format!("{path}/verify"), secret });
        }
    }
    bail!("confirming {id} failed")
}

//! Asking for codes: users are registered, and every one of them asks for one code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::door::Door;
use super::tenants::Tenant;
use crate::providers::now_ms;

/// How often a request without an answer is sent again, and after which pause.
const TRIES: u32 = 240;
const PAUSE: Duration = Duration::from_millis(250);

/// One user of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    /// The tenant's number.
    pub(super) tenant: usize,
    /// Unique over all tenants.
    pub(super) number: usize,
}

/// A code that was asked for, and the request acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) user: User,
    /// When it was first asked for, in milliseconds since 1970.
    pub(super) at_ms: u64,
}

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Acknowledged requests.
    pub(super) asked: Vec<Asked>,
    /// Other answers, by status and code.
    pub(super) refused: BTreeMap<String, u64>,
}

/// How fast, and over how many connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// A second; 0: as fast as they are answered.
    pub(super) rate: u64,
    pub(super) connections: usize,
}

/// What to do for each user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Register,
    Ask,
    Both,
}

/// Does a job for every user, in order, as fast as told.
pub(super) async fn each(
    door: &Door,
    tenants: &Arc<[Tenant]>,
    users: &Arc<[User]>,
    job: Job,
    pace: Pace,
) -> Result<Outcome> {
    let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut tasks = JoinSet::new();
    for number in 0..pace.connections.max(1) {
        let (mut door, next) = (door.another(number), Arc::clone(&next));
        let (tenants, users) = (Arc::clone(tenants), Arc::clone(users));
        tasks.spawn(async move {
            let mut outcome = Outcome::default();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(user) = users.get(at) else { return Ok::<_, anyhow::Error>(outcome) };
                if let Some(after_ms) = (at as u64 * 1000).checked_div(pace.rate) {
                    sleep_until(start + Duration::from_millis(after_ms)).await;
                }
                one(&mut door, &tenants[user.tenant], *user, job, &mut outcome).await?;
            }
        });
    }
    let mut whole = Outcome::default();
    while let Some(done) = tasks.join_next().await {
        let done = done??;
        whole.asked.extend(done.asked);
        for (what, count) in done.refused {
            *whole.refused.entry(what).or_default() += count;
        }
    }
    Ok(whole)
}

async fn one(door: &mut Door, tenant: &Tenant, user: User, job: Job, outcome: &mut Outcome) -> Result<()> {
    let path = Tenant::path(user.number);
    if job != Job::Ask {
        door.must(&tenant.key, "PUT", &path, &tenant.profile(user.number)).await?;
    }
    if job == Job::Register {
        return Ok(());
    }
    let (path, body, at_ms) = (format!("{path}/enrolments"), tenant.enrolment(), now_ms());
    let mut doubt = false;
    for _ in 0..TRIES {
        match door.send(&tenant.key, "POST", &path, &body).await {
            Some((201, _)) => {
                outcome.asked.push(Asked { user, at_ms });
                return Ok(());
            }
            Some((503, _)) | None => {
                doubt = true;
                sleep(PAUSE).await;
            }
            // An earlier try had no answer and yet was taken.
            Some((429, body)) if doubt && body["code"] == "resend_too_soon" => {
                outcome.asked.push(Asked { user, at_ms });
                return Ok(());
            }
            Some((status, body)) => {
                let code = body["code"].as_str().unwrap_or("-");
                *outcome.refused.entry(format!("{status} {code}")).or_default() += 1;
                return Ok(());
            }
        }
    }
    *outcome.refused.entry("no answer".to_owned()).or_default() += 1;
    Ok(())
}

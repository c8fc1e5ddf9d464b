//! Sinks, channels that lead to them, and users who get their codes there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::arrived;
use super::places::{Place, Places};
use crate::load::Verdict;
use crate::providers::{Book, Character, Setup, Simulator};
use crate::scenarios::answer::{Expected, member, told};
use crate::scenarios::caller::{Caller, Request};
use crate::scenarios::enrol::demand;
use crate::scenarios::targets::Targets;

/// Seconds between two codes of a user: the least a tenant can set, and a little more for clocks.
const RESEND_S: u64 = 10;
const REST: Duration = Duration::from_millis(RESEND_S * 1000 + 500);
/// Logins of each user: the server sends ten codes an hour to one destination unless its operator says otherwise, and
/// set-up takes one.
const LOGINS_MAX: u32 = 9;

const TOLD: Expected = Expected::new("the user", 200, &[r#""user":""#]);
const SET: Expected = Expected::new("the channel", 200, &[r#""configured":true"#]);
const PATCHED: Expected = Expected::new("the settings", 200, &[]);
const STARTED: Expected = Expected::new("a set-up", 201, &[r#""destination":""#]);
const ENROLLED: Expected = Expected::new("a finished set-up", 200, &[r#""verified":true"#, r#""enrolled":true"#]);

/// Who gets codes, and how.
#[derive(Debug, Clone)]
pub struct CodeSetup {
    /// How many users; half of them by e-mail, half by SMS. Eleven for each login a second, and one for every nine logins.
    pub users: u32,
    /// What their ids begin with: nobody else's may. Lower-case letters, digits and hyphens.
    pub prefix: String,
    /// Connections that make them.
    pub connections: usize,
}

pub(super) async fn prepare(targets: &Arc<Targets>, setup: &CodeSetup) -> Result<(Places, Simulator)> {
    ensure!(setup.users > 0, "a load needs users");
    let sinks = Simulator::start(Setup::plain(vec![Character::Good.profile()], 1)).await?;
    let mut caller = Caller::open(targets, 0).await?;
    for tenant in 0..u16::try_from(targets.tenants())? {
        steer(&mut caller, tenant, &sinks).await?;
    }
    let mut all = make(targets, setup, sinks.book()).await?;
    // As they were numbered: by turns e-mail and SMS.
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok((Places::new(all.into_iter().map(|(_, place)| place).collect(), REST, LOGINS_MAX), sinks))
}

/// Channels to the sinks, and settings under which one user may have a code every few seconds.
async fn steer(caller: &mut Caller, tenant: u16, sinks: &Simulator) -> Result<()> {
    let settings = json!({
        "methods": { "allowed": ["totp", "email", "sms"], "max_active": 3 },
        "destination": { "source": "registered" },
        "notices": { "enabled": false },
        "codes": { "resend_after_secs": RESEND_S },
        "delivery": { "conversion_floor_percent": 0, "prefix_per_hour": null },
        "sms": { "countries": ["DE"] },
    });
    let (email, sms) = (sinks.email_channel(0).to_string(), sinks.twilio_channel(0).to_string());
    for (request, expected) in [
        (("PATCH", "/v1/settings", &*settings.to_string()), PATCHED),
        (("PUT", "/v1/channels/email", &email), SET),
        (("PUT", "/v1/channels/sms", &sms), SET),
    ] {
        must(caller, tenant, request, expected).await?;
    }
    Ok(())
}

async fn make(targets: &Arc<Targets>, setup: &CodeSetup, book: &Arc<Book>) -> Result<Vec<(u32, Place)>> {
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..setup.connections.max(1) {
        let (targets, setup, book, next) = (Arc::clone(targets), setup.clone(), Arc::clone(book), Arc::clone(&next));
        tasks.spawn(async move {
            let mut caller = Caller::open(&targets, number).await?;
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= setup.users {
                    return anyhow::Ok(made);
                }
                let place = place(&setup.prefix, number, targets.tenants())?;
                enrol(&mut caller, &book, &place).await?;
                made.push((number, place));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(made) = tasks.join_next().await {
        all.extend(made??);
    }
    Ok(all)
}

/// No two users have the same address or number, whatever run they are of.
fn place(prefix: &str, number: u32, tenants: usize) -> Result<Place> {
    let tenant = u16::try_from(usize::try_from(number / 2)? % tenants)?;
    let id = format!("{prefix}-{number}");
    let (method, recipient) = if number.is_multiple_of(2) {
        ("email", format!("{id}@load.example"))
    } else {
        // A German mobile number: eight digits, of which a run takes a part by its name.
        let run = prefix.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 1000;
        ("sms", format!("+49151{:08}", (run * 100_000 + number) % 100_000_000))
    };
    Ok(Place { id, tenant, method, recipient })
}

async fn enrol(caller: &mut Caller, book: &Book, place: &Place) -> Result<()> {
    let (path, tenant) = (format!("/v1/users/{}", place.id), place.tenant);
    let field = if place.method == "email" { "email" } else { "phone" };
    let profile = json!({ field: place.recipient }).to_string();
    must(caller, tenant, ("PUT", &path, &profile), TOLD).await?;
    let message = book.next_to(&place.recipient);
    let begin: Value = json!({ "method": place.method, "reauth": { "confirmed": true } });
    must(caller, tenant, ("POST", &format!("{path}/enrolments"), &begin.to_string()), STARTED).await?;
    let Some(id) = member(caller.body(), "id").map(ToOwned::to_owned) else {
        bail!(told("an id", 201, caller.body()));
    };
    let code = match arrived(message, place).await {
        Ok(code) => code,
        Err(verdict) => bail!("{verdict:?}; may tenants send to private addresses (delivery.allow_private_networks)?"),
    };
    let confirm = json!({ "code": code }).to_string();
    must(caller, tenant, ("POST", &format!("{path}/enrolments/{id}/confirm"), &confirm), ENROLLED).await
}

async fn must(caller: &mut Caller, tenant: u16, request: Request<'_>, expected: Expected) -> Result<()> {
    match demand(caller, tenant, request, expected).await {
        Ok(()) => Ok(()),
        Err(Verdict::Refused(_)) => bail!(told(expected.name, 0, caller.body())),
        Err(verdict) => bail!("{} {}: {verdict:?}", request.0, request.1),
    }
}

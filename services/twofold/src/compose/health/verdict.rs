//! What a look means for `/readyz`.

use std::time::Duration;

use twofold_api::Condition;

use super::{Health, Look};

/// A look that is older means that the looking itself hangs.
const STALE: Duration = Duration::from_secs(10);
/// A message that waits longer is worth a word.
const OLD_MESSAGE_MS: u64 = 60_000;
/// A read model that is further behind is worth a word.
const FAR_BEHIND_SECS: f64 = 30.0;

/// An API goes on without the read model and without sending: codes are verified all the same. For a process that does
/// nothing else, the same is trouble.
pub fn of(health: &Health) -> Condition {
    let mut found = Condition::default();
    let Some(seen) = health.seen() else {
        found.troubles.push(("starting", "not all servers have answered yet".to_owned()));
        return found;
    };
    if seen.at.elapsed() > STALE {
        found.troubles.push(("health", format!("not looked at for {} s", seen.at.elapsed().as_secs())));
    }
    if let Err(error) = &seen.head {
        found.troubles.push(("event_log", error.clone()));
    }
    if let Some(Err(error)) = &seen.keys {
        found.troubles.push(("key_store", error.clone()));
    }
    match health.directory() {
        Some(status) if status.is_stale() => {
            let text = "tenants and keys have not been read for more than 10 s: a revoked key would go on working";
            found.troubles.push(("directory", text.to_owned()));
        }
        Some(status) if status.failing => {
            found.degraded.push(("directory", "the log could not be read for tenants and keys".to_owned()));
        }
        Some(_) | None => {}
    }
    let serves = health.roles().api;
    let mut other = Vec::new();
    if let Some(Err(error)) = &seen.projected_to {
        other.push(("database", error.clone()));
    }
    projector(health, &mut other);
    delivery(health, &mut other);
    queue(&seen, &mut other);
    if serves { &mut found.degraded } else { &mut found.troubles }.extend(other);
    if seen.lag_seconds > FAR_BEHIND_SECS {
        found.degraded.push(("read_model", format!("{:.0} s behind the log", seen.lag_seconds)));
    }
    if let Some(now) = health.sending().filter(|now| now.oldest_age_ms > OLD_MESSAGE_MS) {
        found.degraded.push(("delivery", format!("a message has been open for {} s", now.oldest_age_ms / 1000)));
    }
    found
}

fn projector(health: &Health, other: &mut Vec<(&'static str, String)>) {
    let Some(status) = health.projected() else { return };
    if let Some(halt) = &status.halted {
        other.push(("projector", format!("stopped: {halt}")));
    } else if status.failing {
        other.push(("projector", format!("{} failures in a row, {} commits behind", status.failures, status.lag())));
    }
}

fn delivery(health: &Health, other: &mut Vec<(&'static str, String)>) {
    if health.sending().is_some_and(|now| now.recovered && !now.log_reachable) {
        other.push(("delivery", "cannot reach the log".to_owned()));
    }
}

fn queue(seen: &Look, other: &mut Vec<(&'static str, String)>) {
    for queue in &seen.vitals.queue {
        let channel = queue.channel.name();
        if !queue.alive {
            other.push(("queue", format!("the consumer of {channel} does not answer")));
        } else if queue.stalled {
            other.push(("queue", format!("{} messages by {channel} wait and none comes", queue.pending)));
        }
    }
}

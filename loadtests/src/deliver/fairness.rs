//! Quiet tenants beside one whose mail server hangs with every message and one that storms.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::place::Place;
use super::report::Line;
use super::requests::{Asked, Job, Outcome, Pace, User, each};
use super::tenants::{Tenant, Wanted, Way};
use super::{Options, handed_over};
use crate::providers::{Character, Simulator};

/// Messages of the tenant whose mail server hangs.
const HANGING: usize = 300;
/// Longest wait for the last quiet message after the storm.
const LAST: Duration = Duration::from_mins(1);
/// Longest p99 of the quiet tenants, in milliseconds.
const P99_MS: f64 = 2000.0;
/// Connections of the storm.
const STORMING: usize = 32;

/// The hanging one, the storming one, and quiet ones of every kind.
pub(super) fn wanted(quiet: usize) -> Vec<Wanted> {
    let ways = [Way::Mail, Way::Twilio, Way::Mail, Way::Http];
    let mut all = vec![
        Wanted { way: Way::Mail, character: Character::Hanging },
        Wanted { way: Way::Mail, character: Character::Good },
    ];
    all.extend((0..quiet).map(|n| Wanted { way: ways[n % 4], character: Character::Good }));
    all
}

/// Lets it storm, and answers how the quiet ones fared. `first` is the number of the first of these tenants.
pub(super) async fn play(
    place: &mut Place,
    simulator: &Simulator,
    tenants: &Arc<[Tenant]>,
    first: usize,
    options: &Options,
) -> Result<Vec<Line>> {
    let door = place.door();
    let mut number = options.codes;
    let mut make = |tenants: &[usize], count: usize| -> Arc<[User]> {
        let users = (0..count).map(|n| User { tenant: tenants[n % tenants.len()], number: number + n }).collect();
        number += count;
        users
    };
    let quiet: Vec<usize> = (first + 2..tenants.len()).collect();
    let rate = (quiet.len() as u64 * options.quiet_per_minute).div_ceil(60).max(1);
    let (hanging, storm) = (make(&[first], HANGING), make(&[first + 1], options.storm));
    let calm = make(&quiet, usize::try_from(rate * options.fairness_s)?);
    let quick = Pace { rate: 0, connections: STORMING };
    for users in [&hanging, &storm, &calm] {
        each(&door, tenants, users, Job::Register, quick).await?;
    }
    let (from, paced) = (Instant::now(), Pace { rate, connections: 8 });
    let (hung, stormed, quiet) = tokio::join!(
        each(&door, tenants, &hanging, Job::Ask, quick),
        async { (each(&door, tenants, &storm, Job::Ask, quick).await, from.elapsed()) },
        each(&door, tenants, &calm, Job::Ask, paced),
    );
    let (hung, (stormed, storm_took), quiet) = (hung?, (stormed.0?, stormed.1), quiet?);
    all_seen(&quiet.asked, tenants, simulator).await;
    let latency = handed_over(&quiet.asked, tenants, simulator.book());
    let mut lines = vec![
        Line::count("messages to a mail server that hangs for 30 s", hung.asked.len() as u64),
        Line::count("messages of the storm", stormed.asked.len() as u64),
        Line::told("seconds until the storm was asked for", storm_took.as_secs_f64()),
        Line::count("messages of the quiet tenants", quiet.asked.len() as u64),
        Line::none("requests refused", [&hung, &stormed, &quiet].map(refused).iter().sum()),
        Line::none("quiet messages that no provider saw", latency.absent),
    ];
    lines.push(Line::told("quiet hand-off p50, ms", latency.at(0.5)));
    lines.push(Line::below("quiet hand-off p99, ms", latency.at(0.99), P99_MS));
    lines.push(Line::told("quiet hand-off max, ms", latency.at(1.0)));
    Ok(lines)
}

fn refused(outcome: &Outcome) -> u64 {
    outcome.refused.values().sum()
}

async fn all_seen(asked: &[Asked], tenants: &[Tenant], simulator: &Simulator) {
    let until = Instant::now() + LAST;
    while Instant::now() < until && handed_over(asked, tenants, simulator.book()).absent > 0 {
        sleep(Duration::from_millis(200)).await;
    }
}

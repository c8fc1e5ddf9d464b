//! Many tenants over providers that fail, and workers that are killed: every message must come to an end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::kills::kill;
use super::ledger;
use super::place::Place;
use super::report::Line;
use super::requests::{Asked, Job, Pace, User, each};
use super::tenants::{Tenant, Wanted, Way};
use super::{Options, handed_over};
use crate::providers::{Character, Simulator};
use crate::random::Dice;

/// After the last code's end everything must be written down within this.
const SLACK: Duration = Duration::from_secs(45);

/// What the tenants are like: most of them flaky, and of each ten one slow, one refusing, one busy.
pub(super) fn wanted(count: usize) -> Vec<Wanted> {
    let way = |n: usize| match n % 4 {
        0 | 2 => Way::Mail,
        1 => Way::Twilio,
        _ => Way::Http,
    };
    let character = |n: usize| match n % 10 {
        7 => Character::Slow,
        8 => Character::Refusing,
        9 => Character::Busy,
        _ => Character::Flaky,
    };
    (0..count).map(|n| Wanted { way: way(n), character: character(n) }).collect()
}

/// Asks for the codes while workers are killed, waits for their ends, and answers the table.
pub(super) async fn play(
    place: &mut Place,
    simulator: &Simulator,
    tenants: &Arc<[Tenant]>,
    options: &Options,
    dice: Dice,
) -> Result<Vec<Line>> {
    let (door, stop) = (place.door(), CancellationToken::new());
    let count = tenants.len();
    let users: Arc<[User]> = (0..options.codes).map(|number| User { tenant: number % count, number }).collect();
    let speed = Pace { rate: options.rate, connections: options.connections };
    let every = Duration::from_millis(options.kill_every_ms.max(100));
    let asking = async {
        let outcome = each(&door, tenants, &users, Job::Both, speed).await;
        stop.cancel();
        outcome
    };
    let killing = async { if options.kill_every_ms == 0 { Ok(0) } else { kill(place, every, &stop, dice).await } };
    let (outcome, kills) = tokio::join!(asking, killing);
    let (outcome, kills) = (outcome?, kills?);
    let limit = Duration::from_secs(options.code_life_s) + SLACK;
    let rows = ledger::settled(&mut place.door(), tenants, outcome.asked.len(), limit).await?;
    let account = Account::of(&outcome, &rows, tenants, simulator.book());
    let mut lines = vec![Line::count("tenants", count as u64), Line::count("kills (kill -9)", kills)];
    lines.extend(account.lines(&outcome));
    let (answered, failed) = simulator.callbacks();
    lines.push(Line::count("status callbacks answered 2xx", answered));
    lines.push(Line::count("status callbacks answered otherwise, or not at all", failed));
    let whole = |asked: &&Asked| tenants[asked.user.tenant].wanted.character == Character::Flaky;
    let asked: Vec<_> = outcome.asked.iter().filter(whole).copied().collect();
    let latency = handed_over(&asked, tenants, simulator.book());
    lines.extend(latency.told("request to first hand-off at flaky providers, kills included"));
    Ok(lines)
}

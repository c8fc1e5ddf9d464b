//! Users in any number, made over the API over many connections at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::caller::Caller;
use super::enrol::{Newcomer, enrol};
use super::targets::Targets;
use super::users::User;
use crate::load::Verdict;

/// Tries of each user while the server has no room, and the pause between them.
const TRIES: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);
/// Users made and not yet taken over.
const WAITING: usize = 1024;

/// Makes `count` users, numbered from 0 and dealt out over the tenants, over so many connections. `progress` shows a bar on
/// a terminal.
///
/// # Errors
/// An answer that is not documented, or no room in the server for half a minute.
pub async fn users(
    targets: &Arc<Targets>,
    prefix: &str,
    count: u32,
    connections: usize,
    progress: bool,
) -> Result<Vec<User>> {
    let mut made = Vec::with_capacity(usize::try_from(count)?);
    make(targets, prefix, (0..count).collect(), connections, progress, |user| {
        made.push(user);
        Ok(())
    })
    .await?;
    made.sort_unstable_by_key(|user| user.number);
    Ok(made)
}

/// Makes the users of these numbers and hands over each as soon as there is one.
pub(super) async fn make(
    targets: &Arc<Targets>,
    prefix: &str,
    numbers: Vec<u32>,
    connections: usize,
    progress: bool,
    mut take: impl FnMut(User) -> Result<()>,
) -> Result<()> {
    let bar = if progress { bar(numbers.len()) } else { ProgressBar::hidden() };
    let (numbers, next, prefix) =
        (Arc::<[u32]>::from(numbers), Arc::new(AtomicUsize::new(0)), Arc::<str>::from(prefix));
    let (send, mut made) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    for number in 0..connections.clamp(1, numbers.len().max(1)) {
        let (targets, numbers, next) = (Arc::clone(targets), Arc::clone(&numbers), Arc::clone(&next));
        let (prefix, send) = (Arc::clone(&prefix), send.clone());
        tasks.spawn(async move {
            let mut caller = Caller::open(&targets, number).await?;
            while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                let tenant = u16::try_from(usize::try_from(*number)? % targets.tenants())?;
                let user = one(&mut caller, Newcomer { prefix: Arc::clone(&prefix), number: *number, tenant }).await?;
                if send.send(user).await.is_err() {
                    break;
                }
            }
            anyhow::Ok(())
        });
    }
    drop(send);
    while let Some(user) = made.recv().await {
        take(user)?;
        bar.inc(1);
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn one(caller: &mut Caller, newcomer: Newcomer) -> Result<User> {
    for _ in 0..TRIES {
        match enrol(caller, newcomer.clone(), &mut Vec::new()).await {
            Ok(user) => return Ok(user),
            Err(Verdict::Refused(_)) => sleep(PAUSE).await,
            Err(Verdict::WrongAnswer(what) | Verdict::NoAnswer(what)) => bail!("enrolling a user: {what}"),
            Err(Verdict::Right) => bail!("enrolling a user: no set-up"),
        }
    }
    bail!("the server had no room for new users")
}

fn bar(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let template = "enrolling {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

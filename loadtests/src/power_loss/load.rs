//! What is appended until the power fails, and what the log must then hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use twofold_domain::{Channel, CommitId, MessageId, TenantId, UserToken};
use twofold_event_log::{Append, EventLog, Expected, MAX_READ_COMMITS, NewCommit, ReadError, Seq, Stored, Subject};

use crate::random::Dice;

/// Commits of one user, after which the writer turns to a new one.
const HISTORY: u64 = 8;
/// Groups of two among a hundred appends.
const PAIRS_PERCENT: u64 = 25;
/// Payloads are up to this long, in bytes: most commits end within a page that others have begun.
const MAX_PAYLOAD: u64 = 900;

/// An append that was answered: position and commit id.
pub type Receipt = (u64, String);

/// A commit found in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position.
    pub seq: u64,
    /// Commit id.
    pub id: String,
    /// Which append it is of, which part of it, and how many parts there are.
    pub part: (u64, u64, u64),
}

impl From<&Stored> for Entry {
    fn from(stored: &Stored) -> Self {
        let text = String::from_utf8_lossy(&stored.payload);
        let mut numbers = text.split(' ').filter_map(|word| word.parse().ok());
        let mut number = || numbers.next().unwrap_or(0);
        let part = (number(), number(), number());
        Self { seq: stored.seq.0, id: stored.id.to_string(), part }
    }
}

/// Everything in a log.
pub async fn whole(log: &dyn EventLog) -> Result<Vec<Entry>, ReadError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = Seq(all.last().map_or(0, |entry| entry.seq));
        let page = log.read_all(after, MAX_READ_COMMITS).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.iter().map(Entry::from));
    }
}

/// Appends from many tasks, for ever. The tasks end with the set.
pub fn start<F>(log: &Arc<dyn EventLog>, writers: u64, dice: &mut Dice, acknowledged: &F) -> JoinSet<()>
where
    F: Fn(Receipt) + Clone + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let (log, dice, acknowledged) = (Arc::clone(log), dice.split(), acknowledged.clone());
        tasks.spawn(async move { write(&*log, dice, acknowledged).await });
    }
    tasks
}

async fn write(log: &dyn EventLog, mut dice: Dice, acknowledged: impl Fn(Receipt)) {
    loop {
        let tenant = TenantId::from_bytes(dice.id());
        let user = Subject::user(0, &tenant, &UserToken::from_bytes(dice.id()));
        let mut expected = Expected::NoStream;
        for _ in 0..HISTORY {
            let group = group(&tenant, &user, expected, &mut dice);
            let ids: Vec<String> = group.commits.iter().map(|commit| commit.id.to_string()).collect();
            let Ok(appended) = log.append(group).await else {
                // Whether it is in the log is unknown: leave this user, and do not run hot while the log is away.
                tokio::time::sleep(Duration::from_millis(20)).await;
                break;
            };
            expected = Expected::Exact(appended.seqs[0]);
            appended.seqs.iter().zip(ids).for_each(|(seq, id)| acknowledged((seq.0, id)));
        }
    }
}

fn group(tenant: &TenantId, user: &Subject, expected: Expected, dice: &mut Dice) -> Append {
    let attempt = dice.next();
    let parts = if dice.percent(PAIRS_PERCENT) { 2 } else { 1 };
    let message = MessageId::from_bytes(dice.id());
    let mut commit = |part: u64, subject: Subject, expected: Expected| {
        let mut payload = format!("{attempt} {part} {parts} ");
        payload.extend(std::iter::repeat_n('.', usize::try_from(dice.below(MAX_PAYLOAD)).unwrap_or(0)));
        NewCommit {
            subject,
            expected: Some(expected),
            id: CommitId::from_bytes(dice.id()),
            payload: Bytes::from(payload),
        }
    };
    let mut commits = vec![commit(1, user.clone(), expected)];
    if parts == 2 {
        commits.push(commit(2, Subject::delivery(Channel::Email, tenant, &message), Expected::NoStream));
    }
    Append { commits }
}

/// What is wrong with a log after a power loss.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Acknowledged commits that are not at their position.
    pub lost: Vec<u64>,
    /// Groups of which only a part is there.
    pub torn: u64,
}

/// Compares what was acknowledged with what is there.
pub fn compare(acknowledged: &BTreeMap<u64, String>, stored: &[Entry]) -> Findings {
    let there: BTreeMap<u64, &Entry> = stored.iter().map(|entry| (entry.seq, entry)).collect();
    let is_there = |seq: &u64, id: &String| there.get(seq).is_some_and(|entry| entry.id == *id);
    let lost = acknowledged.iter().filter(|(seq, id)| !is_there(seq, id)).map(|(seq, _)| *seq).collect();
    let whole = |entry: &&Entry| {
        let (attempt, part, parts) = entry.part;
        let wanted = if part == 1 { entry.seq + 1 } else { entry.seq.saturating_sub(1) };
        parts == 1 || there.get(&wanted).is_some_and(|other| other.part == (attempt, 3 - part, parts))
    };
    let torn = stored.iter().filter(|entry| !whole(entry)).count() as u64;
    Findings { lost, torn }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, part: (u64, u64, u64)) -> Entry {
        Entry { seq, id: format!("id {seq}"), part }
    }

    #[test]
    fn missing_and_replaced_commits_are_lost_and_half_groups_are_torn() {
        let acknowledged = (1..=4).map(|seq| (seq, format!("id {seq}"))).collect();
        let mut other = entry(3, (9, 1, 1));
        other.id = "another".to_owned();
        let stored = [entry(1, (7, 1, 2)), entry(2, (7, 2, 2)), other, entry(5, (8, 1, 2))];
        assert_eq!(compare(&acknowledged, &stored), Findings { lost: vec![3, 4], torn: 1 });
    }
}

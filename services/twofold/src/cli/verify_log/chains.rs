//! Every commit of the log: can it be read, and does it continue its chain?

use std::collections::HashMap;

use twofold_crypto::Keyring;
use twofold_engine::Chain;
use twofold_event_log::{Category, EventLog, MAX_READ_COMMITS, ReadError, Seq, Stored, Subject, wire};

use crate::failure::{Context as _, Failure};

/// What the walk found.
#[derive(Debug, Default)]
pub struct Chains {
    pub commits: u64,
    pub events: u64,
    pub subjects: usize,
    /// One sentence each.
    pub broken: Vec<String>,
}

/// Walks the log up to a position. About 200 bytes of memory for each user, tenant and account.
pub async fn check(
    log: &dyn EventLog,
    keyring: &Keyring,
    head: Seq,
    progress: &mut dyn FnMut(Seq),
) -> Result<Chains, Failure> {
    let mut found = Chains::default();
    let mut standing: HashMap<Subject, Option<Chain>> = HashMap::new();
    let mut position = Seq::ZERO;
    while position < head {
        let page = match log.read_all(position, MAX_READ_COMMITS).await {
            Ok(page) => page,
            // The page as a whole cannot be read; nothing after it can be trusted either.
            Err(ReadError::Corrupt(text)) => {
                found.broken.push(text);
                break;
            }
            Err(error @ ReadError::Unavailable(_)) => return Err(error).context("the log cannot be read"),
        };
        let Some(last) = page.last() else {
            found.broken.push(format!("the log ends at position {position}, before its own head {head}"));
            break;
        };
        let next = last.seq;
        for stored in &page {
            commit(&mut found, &mut standing, keyring, position, stored);
            position = stored.seq;
        }
        position = next;
        progress(position);
    }
    found.subjects = standing.len();
    Ok(found)
}

/// `standing` holds none for a subject whose chain broke: what follows cannot be judged, and is one finding with it.
fn commit(
    found: &mut Chains,
    standing: &mut HashMap<Subject, Option<Chain>>,
    keyring: &Keyring,
    before: Seq,
    stored: &Stored,
) {
    found.commits += 1;
    if stored.seq != before.plus(1) {
        found.broken.push(format!("position {}: the commits between {before} and it are missing", stored.seq));
    }
    match wire::decode(&stored.subject, &stored.payload) {
        Ok(decoded) => found.events += decoded.events.len() as u64,
        Err(error) => found.broken.push(format!("position {}, {}: {error}", stored.seq, stored.subject)),
    }
    let chain = match stored.subject.category() {
        Category::User | Category::Config | Category::Suppression => {
            standing.get(&stored.subject).copied().unwrap_or(Some(Chain::start()))
        }
        // Written without knowledge of one another: each commit stands for itself.
        Category::Delivery | Category::Ledger => Some(Chain::start()),
    };
    let Some(chain) = chain else { return };
    let after = match chain.check(keyring, stored) {
        Ok(after) => Some(after),
        Err(error) => {
            found.broken.push(format!(
                "position {}, {}: {error}; what follows of this subject cannot be judged",
                stored.seq, stored.subject
            ));
            None
        }
    };
    standing.insert(stored.subject.clone(), after);
}

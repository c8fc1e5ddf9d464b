//! Requests that an earlier process left open. The log is the only memory: what has no final entry in the ledger is
//! taken up again, the newest first, because only they can still be of use.

use std::collections::HashMap;

use twofold_domain::{MessageId, Timestamp};
use twofold_event_log::{Category, Seq};

use super::admit::{Admission, Origin};
use super::past::{Entries, Known};
use super::reader::{PAGE, Reader};

/// How far back an unexpired message can lie: the longest life, that of a notice, and a minute for clocks that differ.
const HORIZON_MS: i64 = (3600 + 60) * 1000;

/// Admits what is open up to and including a position.
pub(super) async fn recover(admission: &Admission, reader: &Reader, head: Seq) {
    let horizon = Timestamp(reader.engine.clock().now().as_millis().saturating_sub(HORIZON_MS));
    let known = read_ledger(reader, horizon).await;
    let mut before = head.plus(1);
    let mut resumed = 0_u64;
    loop {
        let page = reader.patiently(|log| log.read_category_back(Category::Delivery, before, PAGE)).await;
        let mut recent = false;
        for stored in &page {
            before = stored.seq;
            let Some(request) = reader.request(stored).await else { continue };
            recent |= request.at >= horizon;
            let entries = known.get(&request.asked.message).cloned().unwrap_or_default();
            let past = match entries.since(request.asked_at) {
                Known::Ended => continue,
                Known::Tried(past) => Some(past),
                Known::Lost(_) => None,
            };
            if request.at >= horizon && admission.wants(&request.asked) {
                resumed += 1;
                let room = admission.room().await;
                admission.admit(room, request, Origin::Log(past)).await;
            }
        }
        if !recent {
            break;
        }
    }
    reader.status.set_recovered();
    tracing::info!(resumed, "open messages of an earlier process are taken up");
}

async fn read_ledger(reader: &Reader, horizon: Timestamp) -> HashMap<MessageId, Entries> {
    let mut known = HashMap::new();
    let mut before = Seq::MAX;
    loop {
        let page = reader.patiently(|log| log.read_category_back(Category::Ledger, before, PAGE)).await;
        let mut recent = false;
        for stored in &page {
            before = stored.seq;
            let Some(entry) = reader.entry(stored) else { continue };
            recent |= entry.at >= horizon;
            let Ok(message) = MessageId::parse(stored.subject.last_token()) else { continue };
            let entries: &mut Entries = known.entry(message).or_default();
            entry.events.iter().for_each(|event| entries.note(event, stored.seq));
        }
        if !recent {
            return known;
        }
    }
}

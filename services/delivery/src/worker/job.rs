//! A message that waits for its next attempt, as far as it has to be kept.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use twofold_event_log::{Category, Seq};

use super::claimed::Held;
use super::past::Past;
use super::reader::Reader;
use super::request::Request;
use super::status::OpenGuard;

/// A message taken up and not yet ended.
#[derive(Debug)]
pub(super) struct Job {
    /// Where the log has it.
    pub(super) seq: Seq,
    /// The message itself; `None` when it is to be read again, because its tenant has more here than its share.
    pub(super) whole: Option<Box<Request>>,
    /// What was tried before; `None` before the ledger was asked.
    pub(super) past: Option<Past>,
    /// The claim on it, if it came from a queue.
    pub(super) held: Option<Held>,
    pub(super) _room: OwnedSemaphorePermit,
    pub(super) _counted: OpenGuard,
}

impl Job {
    /// The message, read again if need be. `None` when the log has no such message any more.
    pub(super) async fn request(&mut self, reader: &Reader) -> Option<Request> {
        if let Some(whole) = self.whole.take() {
            return Some(*whole);
        }
        let before = Seq(self.seq.0.saturating_sub(1));
        let page = reader.patiently(|log| log.read_category(Category::Delivery, before, 1)).await;
        reader.request(page.first().filter(|stored| stored.seq == self.seq)?).await
    }

    /// It is at its end, and the ledger says so.
    pub(super) async fn end(self, request: &Request) {
        if let Some(held) = &self.held {
            held.done(request).await;
        }
    }

    /// It stays open. What came from a queue goes back there, for a while; the log has the others anyway.
    pub(super) async fn leave(self, due: Duration) {
        if let Some(held) = &self.held {
            held.give_back(due).await;
        }
    }
}

//! Reading the log, however long it is away.

use std::sync::Arc;

use twofold_crypto::{Keyring, Random};
use twofold_engine::Engine;
use twofold_event_log::{BoxFuture, EventLog, ReadError, Seq, Stored};

use super::backoff::short_pause;
use super::request::{self, Entry, Request};
use super::status::DeliveryStatus;

/// Commits per page: a few hundred KiB.
pub(super) const PAGE: usize = 256;

/// A patient reader.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) engine: Arc<Engine>,
    pub(super) rng: Arc<dyn Random>,
    pub(super) status: DeliveryStatus,
}

impl Reader {
    pub(super) fn log(&self) -> &dyn EventLog {
        &**self.engine.log()
    }

    fn keyring(&self) -> &Keyring {
        self.engine.keyring()
    }

    /// Repeats a read until it succeeds.
    pub(super) async fn patiently<'a, T>(
        &'a self,
        read: impl Fn(&'a dyn EventLog) -> BoxFuture<'a, Result<T, ReadError>>,
    ) -> T {
        let mut failed = 0;
        loop {
            match read(self.log()).await {
                Ok(value) => {
                    self.status.set_log_reachable(true);
                    return value;
                }
                Err(error) => {
                    failed += 1;
                    self.status.set_log_reachable(false);
                    tracing::warn!(%error, failed, "the delivery log cannot be read");
                    tokio::time::sleep(short_pause(failed, &*self.rng)).await;
                }
            }
        }
    }

    /// The message that a commit of the delivery category asks for, for the first time or again.
    pub(super) async fn request(&self, stored: &Stored) -> Option<Request> {
        let entry = self.entry(stored)?;
        if !request::is_redriven(&entry) {
            return self.counted(request::request(entry, stored));
        }
        // What is to be sent stands in the first commit of the subject, and only there.
        let first = self.patiently(|log| log.read_subject(&stored.subject, Seq::ZERO, 1)).await;
        let asked = first.first().and_then(|first| request::request(self.entry(first)?, first));
        let asked = self.counted(asked)?;
        let trace = stored.trace.clone().or_else(|| asked.trace.clone());
        Some(Request { asked_at: stored.seq, redriven: true, trace, ..asked })
    }

    pub(super) fn entry(&self, stored: &Stored) -> Option<Entry> {
        self.counted(request::entry(self.keyring(), stored))
    }

    fn counted<T>(&self, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.status.unreadable();
        }
        read
    }
}

//! Reading the log, however long it is away.

use std::sync::Arc;

use twofold_crypto::{Keyring, Random};
use twofold_engine::Engine;
use twofold_event_log::{BoxFuture, EventLog, ReadError, Stored};

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

    pub(super) fn request(&self, stored: &Stored) -> Option<Request> {
        self.counted(request::request(self.keyring(), stored))
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

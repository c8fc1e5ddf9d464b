//! Connections kept for the next message.

use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Connections open at once per provider; further messages wait within their time limit. How many a provider takes is
/// decided before: this only keeps a mistake there from opening more.
const OPEN_MAX: usize = 256;
/// Kept while nobody uses them: as many as a busy channel has messages under way.
const IDLE_MAX: usize = 32;
/// Servers drop idle clients after minutes; well before that.
const IDLE_FOR: Duration = Duration::from_secs(30);
/// Messages per connection: some servers count.
const MESSAGES_MAX: u32 = 50;

/// A connection after `EHLO`, TLS and `AUTH`.
pub(super) struct Pooled {
    pub(super) connection: AsyncSmtpConnection,
    pub(super) sent: u32,
    pub(super) reused: bool,
}

/// The connections of one channel.
pub(super) struct Pool {
    open: Semaphore,
    idle: Mutex<Vec<(Pooled, Instant)>>,
}

impl Pool {
    pub(super) fn new() -> Self {
        Self { open: Semaphore::new(OPEN_MAX), idle: Mutex::new(Vec::new()) }
    }

    /// Waits for leave to use a connection. `None` never happens: the semaphore is never closed.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.open.acquire().await.ok()
    }

    /// The connection used last, if one is fresh enough.
    pub(super) async fn take(&self) -> Option<Pooled> {
        let mut idle = self.idle.lock().await;
        idle.retain(|(_, since)| since.elapsed() < IDLE_FOR);
        idle.pop().map(|(pooled, _)| Pooled { reused: true, ..pooled })
    }

    /// Keeps a connection whose conversation is back at its start; a surplus one is closed.
    pub(super) async fn give_back(&self, pooled: Pooled) {
        if pooled.sent >= MESSAGES_MAX || pooled.connection.has_broken() {
            return;
        }
        let mut idle = self.idle.lock().await;
        if idle.len() < IDLE_MAX {
            idle.push((pooled, Instant::now()));
        }
    }
}

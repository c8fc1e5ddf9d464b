//! What is known of the consumers, for readiness and metrics.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_nats::jetstream::consumer::Info;
use twofold_domain::Channel;

/// One channel's consumer, as it was when last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// The channel.
    pub channel: Channel,
    /// Whether the server knew the consumer then.
    pub alive: bool,
    /// Requests that nobody has claimed yet.
    pub pending: u64,
    /// Requests claimed by any worker and not done.
    pub claimed: u64,
    /// Messages wait, this process asks, and none comes.
    pub stalled: bool,
    /// Messages that came to this process, repetitions included.
    pub came: u64,
    /// Those of them that it could not read.
    pub unreadable: u64,
}

#[derive(Debug)]
pub(super) struct Numbers(Mutex<Vec<QueueStatus>>);

impl Numbers {
    pub fn new(channels: impl Iterator<Item = Channel>) -> Self {
        let of = |channel| QueueStatus {
            channel,
            alive: false,
            pending: 0,
            claimed: 0,
            stalled: false,
            came: 0,
            unreadable: 0,
        };
        Self(Mutex::new(channels.map(of).collect()))
    }

    pub fn all(&self) -> Vec<QueueStatus> {
        self.numbers().clone()
    }

    pub fn came(&self, lane: usize) {
        self.change(lane, |status| status.came += 1);
    }

    pub fn unreadable(&self, lane: usize) {
        self.change(lane, |status| status.unreadable += 1);
    }

    pub fn came_so_far(&self, lane: usize) -> u64 {
        self.numbers().get(lane).map_or(0, |status| status.came)
    }

    pub fn looked(&self, lane: usize, info: &Info, stalled: bool) {
        self.change(lane, |status| {
            status.alive = true;
            status.pending = info.num_pending;
            status.claimed = info.num_ack_pending as u64;
            status.stalled = stalled;
        });
    }

    pub fn lost(&self, lane: usize) {
        self.change(lane, |status| status.alive = false);
    }

    fn change(&self, lane: usize, change: impl FnOnce(&mut QueueStatus)) {
        if let Some(status) = self.numbers().get_mut(lane) {
            change(status);
        }
    }

    fn numbers(&self) -> MutexGuard<'_, Vec<QueueStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

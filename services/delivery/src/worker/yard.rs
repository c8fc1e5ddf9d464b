//! Where the messages of both channels wait for their turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use twofold_domain::{Channel, Timestamp};

use super::config::WorkerConfig;
use super::fair::{Item, Lane, LaneNumbers, Limits, Place};
use super::job::Job;

/// The waiting messages, and the order of their attempts.
#[derive(Debug)]
pub(super) struct Yard {
    lanes: Mutex<Lanes>,
    start: Instant,
    /// Something may be sent now.
    pub(super) woken: Notify,
    /// Something may be over.
    pub(super) overdue: Notify,
}

#[derive(Debug)]
struct Lanes {
    email: Lane<Job>,
    sms: Lane<Job>,
    closed: bool,
}

/// A place among the attempts under way; given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    yard: Arc<Yard>,
    channel: Channel,
    place: Option<Place>,
}

impl Yard {
    pub(super) fn new(config: &WorkerConfig) -> Self {
        let limits = Limits {
            in_flight: config.concurrency.max(1),
            of_tenant: config.channel_concurrency.max(1),
            // So that neither channel takes all the room.
            kept: config.open_messages.div_ceil(2),
        };
        let lanes = Lanes { email: Lane::new(limits), sms: Lane::new(limits), closed: false };
        Self { lanes: Mutex::new(lanes), start: Instant::now(), woken: Notify::new(), overdue: Notify::new() }
    }

    /// Adds a message, due after a pause. Answers it when there is no waiting any more.
    pub(super) fn push(&self, channel: Channel, item: &Item, pause: Duration, job: Job) -> Option<Job> {
        let now_ms = self.now_ms();
        let mut lanes = self.lanes();
        if lanes.closed {
            return Some(job);
        }
        let due_ms = now_ms + millis(pause);
        lanes.of(channel).push(item, job.whole.is_some(), due_ms, now_ms, job);
        drop(lanes);
        self.woken.notify_one();
        None
    }

    /// Takes the next message, with a place for its attempt.
    pub(super) fn next(self: &Arc<Self>) -> Option<(Slot, Job)> {
        let now_ms = self.now_ms();
        let mut lanes = self.lanes();
        [Channel::Email, Channel::Sms].into_iter().find_map(|channel| {
            let (place, job) = lanes.of(channel).pop(now_ms)?;
            Some((Slot { yard: Arc::clone(self), channel, place: Some(place) }, job))
        })
    }

    /// How long until a message that waits for its time is due.
    pub(super) fn until_due(&self) -> Option<Duration> {
        let lanes = self.lanes();
        let due_ms = [&lanes.email, &lanes.sms].into_iter().filter_map(Lane::next_due_ms).min()?;
        Some(Duration::from_millis(due_ms.saturating_sub(self.now_ms())))
    }

    /// Takes out messages whose last call is over, at most so many of each channel.
    pub(super) fn take_overdue(&self, now: Timestamp, max: usize) -> Vec<Job> {
        let mut lanes = self.lanes();
        let mut over = lanes.email.overdue(now, max);
        over.append(&mut lanes.sms.overdue(now, max));
        over
    }

    /// Whether one more message of a tenant stays here: within its share, or while there is plenty of room.
    pub(super) fn has_share(&self, channel: Channel, item: &Item) -> bool {
        let mut lanes = self.lanes();
        let lane = lanes.of(channel);
        lane.has_plenty() || lane.has_share(item)
    }

    /// Whether there is room to keep a message whole that the log has as well.
    pub(super) fn keeps_whole(&self, channel: Channel, item: &Item) -> bool {
        let mut lanes = self.lanes();
        let lane = lanes.of(channel);
        lane.has_plenty() || (lane.has_room() && lane.has_share(item))
    }

    /// Takes out what tenants have here beyond their share.
    pub(super) fn beyond_shares(&self) -> Vec<Job> {
        let mut lanes = self.lanes();
        let mut beyond = lanes.email.beyond_shares();
        beyond.append(&mut lanes.sms.beyond_shares());
        beyond
    }

    /// When a message that is sent away now shall come back: in its tenant's turn, not after its last call.
    pub(super) fn appointment(&self, channel: Channel, item: &Item, now: Timestamp) -> Duration {
        let after_ms = self.lanes().of(channel).appointment(item, self.now_ms());
        let left_ms = item.last_call.as_millis().saturating_sub(now.as_millis());
        Duration::from_millis(after_ms.min(u64::try_from(left_ms).unwrap_or(0)))
    }

    /// Ends the waiting: takes out everything, with the time until it is due.
    pub(super) fn close(&self) -> Vec<(Duration, Job)> {
        let mut lanes = self.lanes();
        lanes.closed = true;
        let mut all = lanes.email.drain(self.now_ms());
        all.append(&mut lanes.sms.drain(self.now_ms()));
        all
    }

    pub(super) fn tidy(&self) {
        let mut lanes = self.lanes();
        lanes.email.tidy(self.now_ms());
        lanes.sms.tidy(self.now_ms());
    }

    /// The numbers of a channel, with at most `tenants` tenants.
    pub(super) fn numbers(&self, channel: Channel, now: Timestamp, tenants: usize) -> LaneNumbers {
        self.lanes().of(channel).numbers(now, self.now_ms(), tenants)
    }

    fn now_ms(&self) -> u64 {
        millis(self.start.elapsed())
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Lets another attempt begin beside this one, which takes long.
    pub(super) fn stand_aside(&mut self) {
        if let Some(place) = &mut self.place {
            self.yard.lanes().of(self.channel).stand_aside(place);
            self.yard.woken.notify_one();
        }
    }
}

impl Lanes {
    const fn of(&mut self, channel: Channel) -> &mut Lane<Job> {
        match channel {
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.yard.lanes().of(self.channel).release(place, self.yard.now_ms());
            self.yard.woken.notify_one();
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

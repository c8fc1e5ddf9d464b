//! One channel's waiting messages.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use twofold_domain::{TenantId, Timestamp};

use super::Limits;
use super::pace::Pace;
use super::sets::{Number, Tenants};
use super::slack::LaneNumbers;

/// Tenants with messages away are counted this often, in milliseconds: there may be thousands.
const AWAY_EVERY_MS: u64 = 100;

/// What the order depends on.
#[derive(Debug, Clone)]
pub(in super::super) struct Item {
    pub(in super::super) tenant: TenantId,
    pub(in super::super) weight: u16,
    /// Equal for the same address or number of a tenant.
    pub(in super::super) destination: u64,
    /// No attempt may begin at or after this.
    pub(in super::super) last_call: Timestamp,
}

/// A place among the attempts under way; to be given back with [`Lane::release`].
#[derive(Debug)]
pub(in super::super) struct Place {
    number: Number,
    destination: (Number, u64),
    aside: bool,
}

/// `J` is the message itself.
#[derive(Debug)]
pub(in super::super) struct Lane<J> {
    limits: Limits,
    tenants: Tenants,
    waiting: HashMap<u64, Waiting<J>>,
    next: u64,
    /// All that wait, by their last call.
    deadlines: BTreeSet<(i64, u64)>,
    /// Those that wait for their time.
    later: BTreeSet<(u64, u64)>,
    /// Those that wait for another message to the same destination.
    behind: HashMap<(Number, u64), BTreeSet<(i64, u64)>>,
    flying: HashSet<(Number, u64)>,
    /// How many of them have stood aside.
    aside: usize,
    /// Messages kept whole.
    kept: usize,
    pace: Pace,
    /// When tenants with messages away were counted, in milliseconds, and how many there were.
    away: (u64, u64),
}

#[derive(Debug)]
struct Waiting<J> {
    number: Number,
    destination: u64,
    last_call_ms: i64,
    at: At,
    kept: bool,
    load: J,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Ready,
    Later(u64),
    Behind,
}

impl<J> Lane<J> {
    pub(in super::super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            tenants: Tenants::default(),
            waiting: HashMap::new(),
            next: 0,
            deadlines: BTreeSet::new(),
            later: BTreeSet::new(),
            behind: HashMap::new(),
            flying: HashSet::new(),
            aside: 0,
            kept: 0,
            pace: Pace::default(),
            away: (0, 0),
        }
    }

    /// Adds a message, to be attempted from `due_ms` on. `kept`: it counts towards its tenant's share.
    pub(in super::super) fn push(&mut self, item: &Item, kept: bool, due_ms: u64, now_ms: u64, load: J) {
        let number = self.tenants.number(&item.tenant, item.weight);
        self.next += 1;
        let (id, last_call_ms) = (self.next, item.last_call.as_millis());
        let at = if due_ms > now_ms { At::Later(due_ms) } else { At::Ready };
        let destination = item.destination;
        self.waiting.insert(id, Waiting { number, destination, last_call_ms, at, kept, load });
        self.deadlines.insert((last_call_ms, id));
        self.kept += usize::from(kept);
        self.tenants.change(number, |tenant| {
            tenant.waiting += 1;
            tenant.kept += usize::from(kept);
            if matches!(at, At::Ready) {
                tenant.ready.insert((last_call_ms, id));
            }
        });
        if let At::Later(due_ms) = at {
            self.later.insert((due_ms, id));
        }
    }

    /// Takes the message whose turn it is.
    pub(in super::super) fn pop(&mut self, now_ms: u64) -> Option<(Place, J)> {
        self.wake(now_ms);
        loop {
            let in_flight = self.flying.len() - self.aside;
            if in_flight >= self.limits.in_flight {
                return None;
            }
            let only_fresh = in_flight + self.limits.reserve() >= self.limits.in_flight;
            let number = self.tenants.first(self.limits, only_fresh)?;
            let key = *self.tenants.get(number)?.ready.first()?;
            let destination = (number, self.waiting.get(&key.1)?.destination);
            if self.flying.contains(&destination) {
                self.put_behind(destination, key);
                continue;
            }
            self.tenants.serve(number, key);
            self.flying.insert(destination);
            let load = self.forget(key)?;
            return Some((Place { number, destination, aside: false }, load));
        }
    }

    /// An attempt takes long: another may begin beside it, as long as there are not too many of this kind.
    pub(in super::super) fn stand_aside(&mut self, place: &mut Place) {
        if !place.aside && self.aside < self.limits.aside() {
            place.aside = true;
            self.aside += 1;
        }
    }

    /// An attempt has ended.
    #[expect(clippy::needless_pass_by_value, reason = "a place is given back once")]
    pub(in super::super) fn release(&mut self, place: Place, now_ms: u64) {
        let Place { number, destination, aside } = place;
        self.flying.remove(&destination);
        self.aside -= usize::from(aside);
        self.pace.note(now_ms);
        self.tenants.change(number, |tenant| {
            tenant.in_flight -= 1;
            tenant.capped = false;
            tenant.pace.note(now_ms);
        });
        self.let_next(destination);
    }

    /// Takes out those whose last call is over, at most so many.
    pub(in super::super) fn overdue(&mut self, now: Timestamp, max: usize) -> Vec<J> {
        let over: Vec<_> =
            self.deadlines.iter().take_while(|(ms, _)| *ms <= now.as_millis()).take(max).copied().collect();
        over.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    /// Takes out all that waits, with the time until it is due.
    pub(in super::super) fn drain(&mut self, now_ms: u64) -> Vec<(Duration, J)> {
        let all: Vec<_> = self.deadlines.iter().copied().collect();
        let due = |at| match at {
            At::Later(due_ms) => Duration::from_millis(u64::saturating_sub(due_ms, now_ms)),
            At::Ready | At::Behind => Duration::ZERO,
        };
        let mut take = |key: (i64, u64)| {
            let pause = due(self.waiting.get(&key.1)?.at);
            Some((pause, self.remove(key)?))
        };
        all.into_iter().filter_map(&mut take).collect()
    }

    /// Takes out what tenants have here beyond their share, latest deadline first.
    pub(in super::super) fn beyond_shares(&mut self) -> Vec<J> {
        let mut beyond: HashMap<Number, usize> = HashMap::new();
        let mut found = Vec::new();
        for (ms, id) in self.deadlines.iter().rev() {
            let Some(waiting) = self.waiting.get(id).filter(|waiting| waiting.kept) else { continue };
            let number = waiting.number;
            let left = beyond.entry(number).or_insert_with(|| {
                let tenant = self.tenants.get(number);
                tenant.map_or(0, |tenant| {
                    tenant.kept.saturating_sub(self.limits.share(tenant.weight, self.tenants.weight))
                })
            });
            if *left > 0 {
                *left -= 1;
                found.push((*ms, *id));
            }
        }
        found.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    /// Whether one more message of a tenant is within its share.
    pub(in super::super) fn has_share(&self, item: &Item) -> bool {
        let known = self.tenants.find(&item.tenant);
        let competing = known.is_some_and(super::tenant::Tenant::competes);
        let all = self.tenants.weight + if competing { 0 } else { u64::from(item.weight) };
        known.map_or(0, |tenant| tenant.kept) < self.limits.share(item.weight, all)
    }

    /// Whether there is so much room that no tenant has to keep to its share.
    pub(in super::super) fn has_plenty(&self) -> bool {
        self.kept < self.limits.plenty()
    }

    /// Whether there is room for one more message kept whole, whosever it is.
    pub(in super::super) fn has_room(&self) -> bool {
        self.kept < self.limits.kept
    }

    /// When a message that is sent away now shall come back, in milliseconds from now.
    pub(in super::super) fn appointment(&mut self, item: &Item, now_ms: u64) -> u64 {
        let number = self.tenants.number(&item.tenant, item.weight);
        let others = self.sent_away(now_ms);
        let made = self.tenants.change(number, |tenant| {
            let pace = tenant.pace.per_1000_secs(now_ms);
            tenant.appointments.make(now_ms, pace, others)
        });
        made.unwrap_or(0)
    }

    /// Tenants with messages away, counted now and then.
    fn sent_away(&mut self, now_ms: u64) -> u64 {
        let (counted_ms, mut away) = self.away;
        if now_ms >= counted_ms.saturating_add(AWAY_EVERY_MS) || away == 0 {
            away = self.tenants.iter().filter(|tenant| tenant.appointments.pending(now_ms)).count() as u64;
            self.away = (now_ms, away);
        }
        away
    }

    /// When the next message is due that waits for its time.
    pub(in super::super) fn next_due_ms(&self) -> Option<u64> {
        self.later.first().map(|(due_ms, _)| *due_ms)
    }

    /// Tenants remembered.
    #[cfg(test)]
    pub(super) fn tenants(&self) -> usize {
        self.tenants.iter().count()
    }

    /// Forgets tenants that have not been here for a while.
    pub(in super::super) fn tidy(&mut self, now_ms: u64) {
        self.tenants.tidy(now_ms);
    }

    /// The numbers now, with at most `tenants` tenants, those with the most waiting first.
    pub(in super::super) fn numbers(&self, now: Timestamp, now_ms: u64, tenants: usize) -> LaneNumbers {
        let deadlines = self.deadlines.iter().map(|(ms, _)| *ms);
        LaneNumbers::of(deadlines, self.flying.len(), self.pace.per_1000_secs(now_ms), now)
            .with_tenants(self.tenants.iter(), tenants)
    }

    /// What waited for its time and has reached it is ready.
    fn wake(&mut self, now_ms: u64) {
        while let Some((due_ms, id)) = self.later.first().copied().filter(|(due_ms, _)| *due_ms <= now_ms) {
            self.later.remove(&(due_ms, id));
            self.make_ready(id);
        }
    }

    fn make_ready(&mut self, id: u64) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.at = At::Ready;
            let key = (waiting.last_call_ms, id);
            self.tenants.change(waiting.number, |tenant| tenant.ready.insert(key));
        }
    }

    fn put_behind(&mut self, destination: (Number, u64), key: (i64, u64)) {
        self.tenants.change(destination.0, |tenant| tenant.ready.remove(&key));
        self.behind.entry(destination).or_default().insert(key);
        if let Some(waiting) = self.waiting.get_mut(&key.1) {
            waiting.at = At::Behind;
        }
    }

    /// The first of those behind one another is ready, unless another is under way.
    fn let_next(&mut self, destination: (Number, u64)) {
        if self.flying.contains(&destination) {
            return;
        }
        let Some(behind) = self.behind.get_mut(&destination) else { return };
        let next = behind.pop_first();
        if behind.is_empty() {
            self.behind.remove(&destination);
        }
        if let Some((_, id)) = next {
            self.make_ready(id);
        }
    }

    /// Takes a message out, wherever it waits.
    fn remove(&mut self, key: (i64, u64)) -> Option<J> {
        let waiting = self.waiting.get(&key.1)?;
        let (at, number, destination) = (waiting.at, waiting.number, (waiting.number, waiting.destination));
        match at {
            At::Ready => {}
            At::Later(due_ms) => drop(self.later.remove(&(due_ms, key.1))),
            At::Behind => {
                if let Some(behind) = self.behind.get_mut(&destination) {
                    behind.remove(&key);
                }
            }
        }
        self.tenants.change(number, |tenant| {
            tenant.ready.remove(&key);
            tenant.waiting -= 1;
        });
        let load = self.forget(key);
        // It may have been the one that others stood behind.
        self.let_next(destination);
        load
    }

    fn forget(&mut self, key: (i64, u64)) -> Option<J> {
        self.deadlines.remove(&key);
        let waiting = self.waiting.remove(&key.1)?;
        self.kept -= usize::from(waiting.kept);
        self.tenants.change(waiting.number, |tenant| tenant.kept -= usize::from(waiting.kept));
        Some(waiting.load)
    }
}

//! Who is next: the order in which the waiting messages of one channel get their attempts.
//!
//! - Between tenants: start-time fair queueing. Every attempt moves its tenant's tag on by the inverse of the tenant's
//!   weight, and the smallest tag is next; who comes back from having nothing to send starts at the present, with neither
//!   credit nor debt. So a tenant with 100,000 messages waits behind itself only.
//! - Within a tenant: the earliest deadline first. A message that failed is out of the way until it is due again.
//! - Caps on attempts under way: of the channel, of a tenant (fewer the more tenants compete, so that providers that hang
//!   cannot take every place), and one a destination. A quarter of the places is for tenants that have none, and who takes
//!   long has to stand aside: his attempt goes on, and still counts for his tenant, but another one may begin.
//!
//! Pure: time comes in as numbers, messages are whatever the caller has. Every operation takes O(log n).

mod lane;
mod pace;
mod sets;
mod slack;
mod tenant;
#[cfg(test)]
mod tests;

pub(super) use self::lane::{Item, Lane, Place};
pub(super) use self::slack::LaneNumbers;

/// Weight of a tenant that did not say.
pub(super) const WEIGHT: u16 = 10;

/// What bounds one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Attempts under way.
    pub(super) in_flight: usize,
    /// Attempts under way of one tenant, when nobody else wants any.
    pub(super) of_tenant: usize,
    /// Messages kept whole; beyond its share of them a tenant's wait elsewhere.
    pub(super) kept: usize,
}

impl Limits {
    /// Attempts that have stood aside; each costs a connection and some memory, and no work.
    const fn aside(self) -> usize {
        4 * self.in_flight
    }

    /// Places for tenants that have no attempt under way.
    const fn reserve(self) -> usize {
        self.in_flight / 4
    }

    /// Attempts one tenant may have under way while tenants of `all` weight compete, its own included: its share of the
    /// places, as if one more tenant were about to come.
    fn cap(self, weight: u16, all: u64) -> usize {
        portion(self.in_flight, weight, all).clamp(1, self.of_tenant.max(1))
    }

    /// Messages kept whole before anybody's share is asked for: as long as there is plenty, who asks for much gets it.
    const fn plenty(self) -> usize {
        self.kept / 4 * 3
    }

    /// Messages of one tenant kept whole; never fewer than what keeps its attempts busy.
    fn share(self, weight: u16, all: u64) -> usize {
        portion(self.kept, weight, all).max(2 * self.of_tenant)
    }
}

/// `whole`, divided by weight between all who compete and one more; rounded up.
fn portion(whole: usize, weight: u16, all: u64) -> usize {
    let all = all.max(u64::from(weight)) + u64::from(WEIGHT);
    usize::try_from((whole as u64 * u64::from(weight)).div_ceil(all)).unwrap_or(whole)
}

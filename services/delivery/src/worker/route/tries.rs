//! With whom a message was, and how that ended.

use crate::transport::config::PROVIDERS_MAX;

/// A provider's name in four bytes, so that what an open message remembers has a fixed size. Two names of one channel
/// with the same mark would share their tries, and nothing worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) struct Mark(u32);

impl Mark {
    /// FNV-1a, 32 bits: the same in every process and version, because the ledger is read back by others.
    pub(in crate::worker) fn of(name: &str) -> Self {
        Self(name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
    }
}

/// How an attempt that did not succeed ended, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Ending {
    /// Not handed over; the same provider may take it later.
    Failed,
    /// Not handed over; this provider will not take it.
    Refused,
    /// Nobody knows.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tried {
    mark: Mark,
    times: u16,
    refused: bool,
}

/// The failed attempts of one message, by provider. The order in which they are noted does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::worker) struct Tries {
    /// Those of channels that were configured anew in between have no room for ever.
    slots: [Option<Tried>; PROVIDERS_MAX],
    pinned: Option<Mark>,
}

impl Tries {
    /// Adds an attempt.
    pub(in crate::worker) fn note(&mut self, mark: Mark, ending: Ending) {
        if ending == Ending::Unknown {
            self.pinned = Some(mark);
        }
        let slot = self.slots.iter_mut().find(|slot| slot.is_none_or(|tried| tried.mark == mark));
        if let Some(slot) = slot {
            let tried = slot.get_or_insert(Tried { mark, times: 0, refused: false });
            tried.times = tried.times.saturating_add(1);
            tried.refused |= ending == Ending::Refused;
        }
    }

    /// The provider that may have taken the message over: no other one gets it, because it would come twice.
    pub(super) const fn pinned(&self) -> Option<Mark> {
        self.pinned
    }

    /// Attempts made with a provider.
    pub(in crate::worker) fn times(&self, mark: Mark) -> u32 {
        self.of(mark).map_or(0, |tried| u32::from(tried.times))
    }

    /// Whether a provider said that it will not take the message.
    pub(super) fn is_refused(&self, mark: Mark) -> bool {
        self.of(mark).is_some_and(|tried| tried.refused)
    }

    /// Settings may have changed since: everybody is asked once more.
    pub(super) fn forget_refusals(&mut self) {
        self.slots.iter_mut().flatten().for_each(|tried| tried.refused = false);
    }

    fn of(&self, mark: Mark) -> Option<&Tried> {
        self.slots.iter().flatten().find(|tried| tried.mark == mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_by_provider_in_any_order() {
        let (a, b) = (Mark::of("main"), Mark::of("backup"));
        let mut tries = Tries::default();
        for (mark, ending) in [(a, Ending::Failed), (b, Ending::Refused), (a, Ending::Unknown)] {
            tries.note(mark, ending);
        }
        assert_eq!((tries.times(a), tries.times(b), tries.times(Mark::of("third"))), (2, 1, 0));
        assert_eq!((tries.is_refused(a), tries.is_refused(b), tries.pinned()), (false, true, Some(a)));
        tries.forget_refusals();
        assert!(!tries.is_refused(b) && tries.times(b) == 1);
    }

    #[test]
    fn more_providers_than_a_channel_can_have_are_not_remembered() {
        let mut tries = Tries::default();
        for n in 0..20 {
            tries.note(Mark::of(&n.to_string()), Ending::Failed);
        }
        assert_eq!((0..20).map(|n| tries.times(Mark::of(&n.to_string()))).sum::<u32>(), 8);
    }

    #[test]
    fn a_mark_is_the_same_in_every_version() {
        assert_eq!((Mark::of(""), Mark::of("a")), (Mark(0x811c_9dc5), Mark(0xe40c_292c)));
    }
}

//! Which of a channel's providers gets a message now.
//!
//! The order of preference is the tenant's. A provider is passed over for a number of a country it does not serve, while
//! it is paused, while its breaker is open, and when it refused this message before; a message goes on to the next one
//! after a failure that certainly handed nothing over. One that may have been handed over stays with its provider.

mod breaker;
mod breakers;
mod bucket;
mod provider;
mod tries;

use std::time::Duration;

use twofold_domain::Channel;
use twofold_domain::tenant::Steering;

pub use self::breaker::BreakerState;
pub use self::breakers::{BreakerRow, Breakers};
pub(super) use self::provider::{Owner, Provider, Slot};
pub(super) use self::tries::{Ending, Mark, Tries};

/// A channel's providers in the order of preference, ready to send.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) channel: Channel,
    pub(super) providers: Vec<Provider>,
}

/// Whom to ask.
#[derive(Debug)]
pub(super) enum Choice<'a> {
    /// This one, now.
    Ask(&'a Provider),
    /// All who could are left alone for now: look again after so long.
    Later(Duration),
    /// All who could are paused.
    Paused,
    /// None, ever. A cause for the ledger.
    Nobody(&'static str),
}

/// What decides, apart from the providers themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    /// Of the number; none for mail, and for numbers of no country.
    pub(super) country: Option<&'a str>,
    pub(super) steering: &'a Steering,
    pub(super) breakers: &'a Breakers,
}

impl Route {
    /// Whether the choice depends on a number's country.
    pub(super) fn is_by_country(&self) -> bool {
        self.providers.iter().any(Provider::is_by_country)
    }

    /// The provider that has failed this message least often, and among equals the one preferred.
    pub(super) fn choose(&self, tries: &mut Tries, now: Circumstances<'_>) -> Choice<'_> {
        let serving: Vec<&Provider> = self.providers.iter().filter(|p| p.serves(now.country)).collect();
        if serving.is_empty() {
            return Choice::Nobody("no_provider_for_country");
        }
        if let Some(pinned) = tries.pinned() {
            return match serving.into_iter().find(|p| p.mark == pinned) {
                Some(provider) => self.one_of(&[provider], tries, now),
                None => Choice::Nobody("unknown: provider_removed"),
            };
        }
        if serving.iter().all(|p| tries.is_refused(p.mark)) {
            // By an earlier process, or in an earlier life: settings may have changed since.
            tries.forget_refusals();
        }
        let willing: Vec<&Provider> = serving.into_iter().filter(|p| !tries.is_refused(p.mark)).collect();
        self.one_of(&willing, tries, now)
    }

    /// Whether somebody else may be asked after a failure, and whether at once.
    pub(super) fn after(&self, failed: &Provider, tries: &Tries, now: Circumstances<'_>) -> After {
        if tries.pinned().is_some() {
            return if tries.is_refused(failed.mark) { After::Nobody } else { After::Pause };
        }
        let willing: Vec<&Provider> =
            self.providers.iter().filter(|p| p.serves(now.country) && !tries.is_refused(p.mark)).collect();
        if willing.is_empty() {
            return After::Nobody;
        }
        let fresh = |p: &Provider| tries.is_refused(failed.mark) || tries.times(p.mark) < tries.times(failed.mark);
        match self.one_of(&willing, tries, now) {
            Choice::Ask(other) if other.mark != failed.mark && fresh(other) => After::AtOnce,
            Choice::Ask(_) | Choice::Later(_) | Choice::Paused | Choice::Nobody(_) => After::Pause,
        }
    }

    fn one_of<'a>(&'a self, some: &[&'a Provider], tries: &Tries, now: Circumstances<'_>) -> Choice<'a> {
        let running = some.iter().filter(|p| !now.steering.is_paused(self.channel, &p.name));
        let waits: Vec<(Duration, &Provider)> = running.map(|p| (now.breakers.ready_in(&p.key), *p)).collect();
        let ready = waits.iter().filter(|(wait, _)| wait.is_zero());
        match (ready.min_by_key(|(_, p)| tries.times(p.mark)), waits.iter().map(|(wait, _)| *wait).min()) {
            (Some((_, provider)), _) => Choice::Ask(provider),
            (None, Some(wait)) => Choice::Later(wait),
            (None, None) => Choice::Paused,
        }
    }
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Somebody else is asked at once.
    AtOnce,
    /// Somebody is asked after a pause.
    Pause,
    /// Nobody is left.
    Nobody,
}

#[cfg(test)]
mod tests;

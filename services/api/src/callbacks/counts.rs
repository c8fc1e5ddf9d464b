//! What became of callbacks, counted.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackEnd {
    /// Genuine, and written down.
    Recorded,
    /// Genuine, and nothing new: said before, too late, only an intermediate state, or about a message that this provider
    /// did not take.
    NothingNew,
    /// No signature, or not the right one; also a provider that the tenant does not have.
    Signature,
    /// No such tenant, or nothing that callbacks could be checked with.
    Unknown,
    /// Too long.
    TooLarge,
    /// Not looked at, after too many of the above from its source.
    Limited,
}

impl CallbackEnd {
    /// Every end.
    pub const ALL: [Self; 6] =
        [Self::Recorded, Self::NothingNew, Self::Signature, Self::Unknown, Self::TooLarge, Self::Limited];

    /// The stable name among the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::NothingNew => "nothing_new",
            Self::Signature => "signature",
            Self::Unknown => "unknown",
            Self::TooLarge => "too_large",
            Self::Limited => "limited",
        }
    }
}

/// Name and value of a label.
type Label = [(&'static str, &'static str); 1];

/// `twofold_callbacks_total`, by outcome.
#[derive(Debug)]
pub struct CallbackCounts(Family<Label, Counter>);

impl CallbackCounts {
    /// All at 0, so that a rate has a beginning.
    pub fn register(registry: &mut Registry) -> Self {
        let counts = Family::default();
        for end in CallbackEnd::ALL {
            let _zero: &Counter = &counts.get_or_create(&[("outcome", end.name())]);
        }
        registry.register("callbacks", "Callbacks of providers, by what became of them", counts.clone());
        Self(counts)
    }

    /// Counts one.
    pub fn ended(&self, end: CallbackEnd) {
        self.0.get_or_create(&[("outcome", end.name())]).inc();
    }
}

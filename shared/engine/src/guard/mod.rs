//! The last look before a message is asked for: may it go out, as far as money and people are concerned?

mod counters;
mod counts;
mod outage;
mod usage_guard;

use std::fmt::Debug;

use twofold_domain::sending::{Withheld, WithheldReason};
use twofold_domain::settings::Settings;
use twofold_domain::user::MessageKind;
use twofold_domain::{Channel, KeyedHash, Mode, Timestamp, UserToken};
use twofold_event_log::BoxFuture;

use crate::directory::TenantView;
use crate::error::EngineError;

pub use counts::GuardCounts;
pub use usage_guard::{GuardParts, UsageGuard};

/// A message that is about to be asked for.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// The tenant.
    pub tenant: &'a TenantView,
    /// Live, or for the test inbox.
    pub mode: Mode,
    /// Whose.
    pub user: &'a UserToken,
    /// How.
    pub channel: Channel,
    /// What.
    pub kind: &'a MessageKind,
    /// The address or the number in E.164 form, in clear.
    pub destination: &'a str,
    /// What the tenant's list of suppressed destinations knows it by.
    pub fingerprint: &'a KeyedHash,
    /// The user's rules.
    pub settings: &'a Settings,
    /// The server's clock.
    pub now: Timestamp,
}

/// Shows neither the destination nor the user (C29).
impl Debug for Sending<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending")
            .field("tenant", &self.tenant.id)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// Decides whether a message may be asked for.
///
/// Asked once for every message of a command, after the rules have decided and before anything is appended. A code that
/// must not go out refuses the command; news for the owner is left out of it, because the change it tells of has happened
/// all the same.
pub trait DeliveryGuard: Send + Sync + Debug {
    /// Counts the message in and lets it pass, or says why not.
    ///
    /// # Errors
    /// [`EngineError::Withheld`], or [`EngineError::Unavailable`] when it cannot be known and must not be risked.
    fn admit<'a>(&'a self, sending: &'a Sending<'a>) -> BoxFuture<'a, Result<(), EngineError>>;
}

/// Lets everything pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGuard;

impl DeliveryGuard for NoGuard {
    fn admit<'a>(&'a self, _sending: &'a Sending<'a>) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async { Ok(()) })
    }
}

/// The error of a message that is held back.
fn withheld(found: Withheld, now: Timestamp) -> EngineError {
    EngineError::Withheld { reason: found.reason, retry_after_secs: found.until.map(|at| now.secs_until(at).max(1)) }
}

/// The error of a message that is held back and will be for as long as nobody does something about it.
fn withheld_for_good(reason: WithheldReason) -> EngineError {
    EngineError::Withheld { reason, retry_after_secs: None }
}

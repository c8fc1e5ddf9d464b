//! Under which name something is counted. Names hold no address, no number and no panel's id (invariant 5).

use std::fmt::Write as _;

use twofold_crypto::Keyring;
use twofold_domain::TenantId;
use twofold_domain::sending::{Counted, Limit};
use twofold_event_log::{Counter, UsageError};

use super::Sending;

/// The counters of the limits, in their order.
pub(super) fn counters_of(
    keyring: &Keyring,
    sending: &Sending<'_>,
    prefix: Option<&str>,
    limits: &[Limit],
) -> Result<Vec<Counter>, UsageError> {
    let tenant = &sending.tenant.id;
    let name = |counted| match counted {
        Counted::Destination => format!("destination.{}", of_all_tenants(keyring, sending.destination)),
        Counted::User => format!("user.{tenant}.{}", sending.user),
        Counted::Budget(channel) => format!("budget.{tenant}.{}", channel.name()),
        Counted::Prefix => format!("prefix.{tenant}.{}", prefix.unwrap_or_default().trim_start_matches('+')),
    };
    limits.iter().map(|limit| Counter::new(name(limit.counted), limit.window)).collect()
}

/// A destination as all tenants have it in common. Under the master key, so that nobody learns from the counters whether a
/// number he knows is among them.
fn of_all_tenants(keyring: &Keyring, destination: &str) -> String {
    let nobody = TenantId::from_bytes([0; 16]);
    let hash = keyring.fingerprint(&nobody, "destination-of-all", destination.as_bytes());
    let mut text = String::with_capacity(32);
    for byte in &hash.as_bytes()[..16] {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

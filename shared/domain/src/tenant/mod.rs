//! The tenant aggregate: settings, API keys and channels; and the account aggregate with its overrides. They live in
//! the same log as everything else, so every node follows a revoked key or a changed rule.

mod account;
mod decide;
mod event;
mod state;
mod steer;

pub use account::{Account, AccountEvent, decide_account, evolve_account};
pub use decide::{PLATFORM, TenantCommand, TenantRefusal, decide_tenant};
pub use event::{ApiKeyRecord, Scope, TenantEvent};
pub use state::{Steering, Tenant, evolve_tenant};

#[cfg(test)]
mod tests;

//! Where a tenant's hosts and URLs may lead (C24).
//!
//! A name is resolved once, every answer is classified, and the connection goes to a checked answer: a name that
//! changes its mind between the check and the connection is of no use to anybody.

mod class;
mod policy;
mod resolve;

pub use self::class::AddressClass;
pub use self::policy::{AddressPolicy, AllowEntry, AllowEntryError};
pub(crate) use self::resolve::GuardedResolver;
pub use self::resolve::{GuardError, literal_address};

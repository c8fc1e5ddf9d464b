//! Sending codes and notices: what a message says ([`template`]) and how it leaves the house ([`transport`]).
//!
//! Both parts are pure towards the log: they take values, answer values and know nothing of events. The [`worker`] brings
//! the two together with the log. See ARCHITECTURE.md.

pub mod callback;
pub mod template;
pub mod transport;
pub mod worker;

//! What becomes of messages after they left the house, and where none may go any more.
//!
//! Providers and mailboxes report; [`Engine::report_delivery`](crate::Engine::report_delivery) believes them only as far as
//! the message's own ledger bears it out. Reports come late, twice and in any order, so every rule here is about the state
//! and none about the order of arrival.

mod entries;
mod ledger;
mod news;
mod report;
mod suppression;

pub use ledger::{AcceptedBy, MessageLedger, MessageStanding};
pub use news::{Callback, CallbackKind, CallbackNews, MailNews, MailReport};
pub use report::{DeliveryReport, Reported, ReportedBy};
pub use suppression::{ListChange, Suppression, SuppressionChange};

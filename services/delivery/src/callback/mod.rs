//! What providers and mail systems say of messages that left the house: is it genuine, and what does it mean?
//!
//! Pure: values in, values out. Whether a report fits the message it names is the engine's business; see
//! `twofold_engine::Engine::report_delivery`.
//!
//! | from | form | proof |
//! |---|---|---|
//! | Twilio | status callback, inbound message | `X-Twilio-Signature` under the account's token |
//! | a mail system | delivery status notification (RFC 3464), abuse report (RFC 5965) | none: an API key brought it |

mod account;
mod fields;
mod mail;
mod opt_out;
mod signature;
mod status;
mod twilio;

pub use self::mail::read as read_mail_report;
pub use self::twilio::read as read_twilio;

//! What is to be sent. Both messages carry a code and an address, so neither prints itself.

use std::fmt;
use std::time::Duration;

use twofold_domain::time::Timestamp;

/// An address with the name shown beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name shown, if any.
    pub name: Option<String>,
    /// The address itself.
    pub address: String,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

/// One e-mail to one recipient.
#[derive(Clone)]
pub struct OutgoingMail {
    /// The tenant's sender.
    pub from: Mailbox,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<Mailbox>,
    /// The one recipient.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain part; line ends of any kind.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
    /// `local@domain`, the same for every attempt at this message, so receivers can drop repeats.
    pub message_id: String,
    /// When this attempt is made; becomes the `Date` header.
    pub sent_at: Timestamp,
    /// When the message loses its worth; becomes the `Expires` header (RFC 4021, section 2.1.50).
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// One text message to one number.
#[derive(Clone)]
pub struct OutgoingSms {
    /// The number, `+` and 7 to 15 digits.
    pub to_e164: String,
    /// At most 1,600 characters.
    pub body: String,
    /// How long the code in it still works; a provider must not deliver later.
    pub remaining_life: Duration,
    /// The same for every attempt at this message; opaque to the provider.
    pub reference: String,
    /// Where the provider may report what became of the message, unless its own settings name another address.
    pub status_callback: Option<String>,
}

impl fmt::Debug for OutgoingSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingSms").field("reference", &self.reference).finish_non_exhaustive()
    }
}

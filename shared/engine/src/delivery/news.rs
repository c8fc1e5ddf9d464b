//! What the sending side reads out of what providers and mail systems say.

use twofold_domain::MessageId;
use twofold_domain::delivery::SuppressionCause;

use super::report::Reported;

/// A provider's callback as it came. Not yet known to be genuine.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// Which of our addresses was called.
    pub kind: CallbackKind,
    /// The whole public URL that was called, query included: its signature covers it.
    pub url: &'a str,
    /// The signature as it came.
    pub signature: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
}

/// There are numbers and texts of people in a body (C29).
impl std::fmt::Debug for Callback<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a provider calls about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackKind {
    /// What became of a message of ours.
    Status,
    /// A message that somebody sent to a number of the tenant's.
    Inbound,
}

/// What a genuine callback says.
#[derive(Clone, PartialEq, Eq)]
pub enum CallbackNews {
    /// A message of ours came to an end.
    Status {
        /// The provider's own id of it.
        provider_id: Option<String>,
        /// How it ended.
        what: Reported,
        /// Why nothing must go to its destination any more, if so.
        suppress: Option<SuppressionCause>,
    },
    /// The owner of a number wants no messages any more (`stop`), or wants them again.
    OptOut {
        /// The number, in E.164 form.
        number: String,
        /// The provider's own id of what was received.
        id: String,
        /// STOP, or START.
        stop: bool,
    },
    /// Nothing that matters here.
    Nothing,
}

/// A number is personal (C29).
impl std::fmt::Debug for CallbackNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status { what, suppress, .. } => {
                f.debug_struct("Status").field("what", what).field("suppress", suppress).finish_non_exhaustive()
            }
            Self::OptOut { stop, .. } => f.debug_struct("OptOut").field("stop", stop).finish_non_exhaustive(),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// A report of a mail system about one of our mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// The mail, by its `Message-ID`; none when the report does not quote one of ours.
    pub message: Option<MessageId>,
    /// What it says.
    pub news: MailNews,
}

/// What a mail system says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailNews {
    /// It could not be delivered (RFC 3464).
    Bounced {
        /// Fixed words and the status code.
        cause: String,
        /// The address itself is to blame.
        permanent: bool,
    },
    /// It is in the mailbox.
    Delivered,
    /// Its reader called it spam (RFC 5965).
    Complaint,
    /// It is late, or went on to another system: nothing is over yet.
    Nothing,
}

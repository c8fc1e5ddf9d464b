//! Senders: one message in, one classified answer out.
//!
//! | channel | senders |
//! |---|---|
//! | e-mail | [`SmtpSender`], [`OutboxSender`] |
//! | SMS | [`TwilioSender`], [`HttpSmsSender`], [`OutboxSender`] |
//!
//! Every sender makes at most one attempt, within a time limit of its own, towards addresses [`guard`] has checked.
//! The answer says whether trying again is sensible ([`SendError`]); whether to try again is the worker's business.
//! Nothing in here logs, and no error text is built from a message, an address, a number or a credential.

pub mod config;
pub mod guard;
mod http;
mod http_sms;
pub(crate) mod line;
mod message;
mod outbox;
mod outcome;
mod sms_check;
mod smtp;
mod tls;
mod twilio;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::config::{EmailChannel, SmsChannel};
pub use self::guard::AddressPolicy;
pub use self::http_sms::HttpSmsSender;
pub use self::line::{is_e164, normalise_address};
pub use self::message::{Mailbox, OutgoingMail, OutgoingSms};
pub use self::outbox::OutboxSender;
pub use self::outcome::{About, Accepted, SendError};
pub use self::smtp::SmtpSender;
pub use self::tls::{Tls, TlsError};
pub use self::twilio::TwilioSender;

use self::config::{ConfigErrors, EmailTransport, SmsProvider};

/// What the process, not the tenant, decides about sending.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Which addresses a tenant's hosts and URLs may resolve to.
    pub policy: AddressPolicy,
    /// The trust roots, shared by SMTP and HTTP.
    pub tls: Tls,
    /// Where `outbox` channels put their files.
    pub outbox_dir: PathBuf,
}

/// Any sender of e-mail.
#[derive(Debug)]
pub enum MailTransport {
    /// A mail server.
    Smtp(Box<SmtpSender>),
    /// Files in a directory.
    Outbox(OutboxSender),
}

impl MailTransport {
    /// The sender a channel asks for.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn new(channel: &EmailChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        channel.validate()?;
        match channel.transport {
            EmailTransport::Smtp => Ok(Self::Smtp(Box::new(SmtpSender::new(channel, around)?))),
            EmailTransport::Outbox => Ok(Self::Outbox(OutboxSender::new(around.outbox_dir.clone()))),
        }
    }

    /// Makes one attempt. `begun` becomes true when the mail server is about to get the message itself.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, mail: &OutgoingMail, begun: &AtomicBool) -> Result<Accepted, SendError> {
        match self {
            Self::Smtp(sender) => sender.send_noting(mail, begun).await,
            Self::Outbox(sender) => sender.send_mail(mail).await,
        }
    }
}

/// Any sender of text messages.
#[derive(Debug)]
pub enum SmsTransport {
    /// Twilio's REST interface.
    Twilio(Box<TwilioSender>),
    /// Any provider with an HTTP interface.
    Http(Box<HttpSmsSender>),
    /// Files in a directory.
    Outbox(OutboxSender),
}

impl SmsTransport {
    /// The sender a channel asks for.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn new(channel: &SmsChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        channel.validate()?;
        match channel.provider {
            SmsProvider::Twilio => Ok(Self::Twilio(Box::new(TwilioSender::new(channel, around)?))),
            SmsProvider::Http => Ok(Self::Http(Box::new(HttpSmsSender::new(channel, around)?))),
            SmsProvider::Outbox => Ok(Self::Outbox(OutboxSender::new(around.outbox_dir.clone()))),
        }
    }

    /// Makes one attempt. `begun` becomes true at once: the HTTP client does not tell when the request leaves.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, sms: &OutgoingSms, begun: &AtomicBool) -> Result<Accepted, SendError> {
        begun.store(true, Ordering::Relaxed);
        match self {
            Self::Twilio(sender) => sender.send(sms).await,
            Self::Http(sender) => sender.send(sms).await,
            Self::Outbox(sender) => sender.send_sms(sms).await,
        }
    }
}

//! One provider of a channel, ready to send.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use twofold_domain::delivery::SmsRegion;
use twofold_domain::{MessageId, Timestamp};
use twofold_engine::RenderedMessage;

use crate::transport::config::ConfigErrors;
use crate::transport::{
    Accepted, EmailChannel, MailTransport, Mailbox, OutgoingMail, OutgoingSms, SendError, SmsChannel, SmsTransport,
    Surroundings, normalise_address,
};

/// A provider's transport and what it adds to every message.
#[derive(Debug)]
pub(super) enum Sender {
    Mail { transport: MailTransport, from: Mailbox, reply_to: Option<Mailbox>, id_domain: String },
    Sms(SmsTransport),
}

/// What to send now.
pub(super) struct Outgoing {
    pub(super) id: MessageId,
    pub(super) to: String,
    pub(super) text: RenderedMessage,
    pub(super) now: Timestamp,
    pub(super) expires_at: Timestamp,
    /// A code is worthless afterwards; news are not.
    pub(super) has_code: bool,
    /// Of the number, when it goes to one.
    pub(super) region: Option<SmsRegion>,
    /// Where a provider may report what became of it.
    pub(super) status_callback: Option<String>,
}

impl Outgoing {
    /// The number's country, if it is of one.
    pub(super) fn country(&self) -> Option<&str> {
        self.region.as_ref().map(|region| region.country.as_str()).filter(|country| *country != "ZZ")
    }
}

impl Sender {
    pub(super) fn email(channel: &EmailChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        let transport = MailTransport::new(channel, around)?;
        let from = channel.sender();
        // The same message has the same Message-ID in every attempt, also by another process.
        let address = normalise_address(&from.address).unwrap_or_default();
        let id_domain = address.rsplit('@').next().unwrap_or_default().to_owned();
        Ok(Self::Mail { transport, from, reply_to: channel.answers_to(), id_domain })
    }

    pub(super) fn sms(channel: &SmsChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        Ok(Self::Sms(SmsTransport::new(channel, around)?))
    }

    /// Makes one attempt. `begun` becomes true no later than the moment from which the provider may have the message.
    pub(super) async fn send(&self, out: Outgoing, begun: &AtomicBool) -> Result<Accepted, SendError> {
        match self {
            Self::Mail { transport, from, reply_to, id_domain } => {
                let mail = OutgoingMail {
                    from: from.clone(),
                    reply_to: reply_to.clone(),
                    to: out.to,
                    subject: out.text.subject.unwrap_or_default(),
                    text: out.text.text,
                    html: out.text.html,
                    message_id: format!("{}@{id_domain}", out.id),
                    sent_at: out.now,
                    expires_at: Some(out.expires_at).filter(|_| out.has_code),
                };
                transport.send(&mail, begun).await
            }
            Self::Sms(transport) => {
                let left_ms = out.expires_at.as_millis().saturating_sub(out.now.as_millis());
                let sms = OutgoingSms {
                    to_e164: out.to,
                    body: out.text.text,
                    remaining_life: Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)),
                    reference: out.id.to_string(),
                    status_callback: out.status_callback,
                };
                transport.send(&sms, begun).await
            }
        }
    }
}

//! One tenant's channel, ready to send.

use std::time::Duration;

use tokio::sync::Semaphore;
use twofold_domain::{MessageId, Timestamp};
use twofold_engine::RenderedMessage;

use crate::transport::config::ConfigErrors;
use crate::transport::{
    Accepted, EmailChannel, MailTransport, Mailbox, OutgoingMail, OutgoingSms, SendError, SmsChannel, SmsTransport,
    Surroundings, normalise_address,
};

/// A channel's transport and how many attempts it takes at once.
#[derive(Debug)]
pub(super) struct Sender {
    way: Way,
    pub(super) turns: Semaphore,
}

#[derive(Debug)]
enum Way {
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
}

impl Sender {
    pub(super) fn email(channel: &EmailChannel, around: &Surroundings, turns: usize) -> Result<Self, ConfigErrors> {
        let transport = MailTransport::new(channel, around)?;
        let from = channel.sender();
        // The same message has the same Message-ID in every attempt, also by another process.
        let address = normalise_address(&from.address).unwrap_or_default();
        let id_domain = address.rsplit('@').next().unwrap_or_default().to_owned();
        let way = Way::Mail { transport, from, reply_to: channel.answers_to(), id_domain };
        Ok(Self { way, turns: Semaphore::new(turns.max(1)) })
    }

    pub(super) fn sms(channel: &SmsChannel, around: &Surroundings, turns: usize) -> Result<Self, ConfigErrors> {
        Ok(Self { way: Way::Sms(SmsTransport::new(channel, around)?), turns: Semaphore::new(turns.max(1)) })
    }

    /// Makes one attempt.
    pub(super) async fn send(&self, out: Outgoing) -> Result<Accepted, SendError> {
        match &self.way {
            Way::Mail { transport, from, reply_to, id_domain } => {
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
                transport.send(&mail).await
            }
            Way::Sms(transport) => {
                let left_ms = out.expires_at.as_millis().saturating_sub(out.now.as_millis());
                let sms = OutgoingSms {
                    to_e164: out.to,
                    body: out.text.text,
                    remaining_life: Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)),
                    reference: out.id.to_string(),
                };
                transport.send(&sms).await
            }
        }
    }
}

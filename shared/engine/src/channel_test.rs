//! Trying a channel out: one message, at once and outside the queue, that says what it is.

use twofold_domain::tenant::TenantCommand;
use twofold_domain::{Channel, EmailAddress, MessageId, PhoneNumber, Timestamp};
use twofold_event_log::{BoxFuture, Seq};

use crate::context::RequestContext;
use crate::directory::TenantView;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::outbound::{Preview, RenderedMessage};

const NOTE: &str = "This is a test message. The code in it is made up and opens nothing.";
/// Life of a test message: what a provider has not passed on by then is of no use to whoever waits for it.
const LIFE_MS: i64 = 300_000;

/// What to try.
#[derive(Debug, Clone, Copy)]
pub struct ChannelTest<'a> {
    /// Which channel.
    pub channel: Channel,
    /// By this provider of it; none: the first of the list.
    pub provider: Option<&'a str>,
    /// An address or a number, as people write it.
    pub to: &'a str,
    /// In which language; none: the tenant's own.
    pub locale: Option<&'a str>,
}

/// A message to be sent now.
#[derive(Debug)]
pub struct TestMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// How.
    pub channel: Channel,
    /// By this provider; none: the first of the list.
    pub provider: Option<&'a str>,
    /// Normalised address or number.
    pub to: String,
    /// What.
    pub text: RenderedMessage,
    /// Now.
    pub now: Timestamp,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
}

/// What a provider said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSent {
    /// Which one it was.
    pub provider: String,
    /// Its own id of the message, or why it did not take it: fixed words and provider codes.
    pub result: Result<Option<String>, String>,
}

/// The sending side's answer; the error names what to change.
pub type TestAnswer<'a> = BoxFuture<'a, Result<TestSent, String>>;

impl Engine {
    /// Sends one message to a destination of the caller's choice. Written down before it is sent, ten an hour at most for
    /// a tenant; the tenant's countries, stopped prefixes and suppression list hold for it as for any other message.
    ///
    /// # Errors
    /// An unusable destination or provider, too many tests, or log and key store out of reach. A provider that refuses is
    /// an answer.
    pub async fn test_channel(
        &self,
        tenant: &TenantView,
        wanted: &ChannelTest<'_>,
        context: &RequestContext,
    ) -> Result<(TestSent, Seq), EngineError> {
        let &ChannelTest { channel, provider, .. } = wanted;
        let to = destination(tenant, wanted)?;
        let hash = self.parts.keyring.destination_hash(&tenant.id, &to);
        if self.suppression(&tenant.id, &hash).await?.0.is_some() {
            return Err(invalid("to", "it is on the tenant's suppression list; see /v1/suppressions"));
        }
        let login = Preview { kind: "login_code", channel, locale: wanted.locale };
        let text = self.parts.outbound.preview(tenant.settings(), &login);
        let text = marked(text.map_err(|problem| EngineError::Invalid { field: "templates", problem })?);
        let config = self.channel_config(tenant, channel).await?;
        let now = self.parts.clock.now();
        let command = TenantCommand::TestChannel { channel, at: now };
        let position = self.tenant_command(&tenant.id, &command, context).await?;
        let message = TestMessage {
            id: MessageId::from_bytes(self.parts.rng.bytes16()),
            channel,
            provider,
            to,
            text,
            now,
            expires_at: Timestamp(now.as_millis().saturating_add(LIFE_MS)),
        };
        let sent = self.parts.outbound.send_test(config.as_ref(), message).await;
        Ok((sent.map_err(|problem| EngineError::Invalid { field: "channel", problem })?, position))
    }
}

fn destination(tenant: &TenantView, test: &ChannelTest<'_>) -> Result<String, EngineError> {
    match test.channel {
        Channel::Email => {
            let address = EmailAddress::parse(test.to).map_err(|error| invalid("to", error.to_string()))?;
            Ok(address.as_str().to_owned())
        }
        Channel::Sms => {
            let settings = &tenant.settings().sms;
            let number = PhoneNumber::parse(test.to, settings.default_country.as_deref());
            let number = number.map_err(|error| invalid("to", error.to_string()))?;
            number.allowed_by(settings).map_err(|error| invalid("to", error.to_string()))?;
            if tenant.state.steering.stopped_prefix(number.e164()).is_some() {
                return Err(invalid("to", "numbers that begin like this are stopped for the tenant"));
            }
            Ok(number.e164().to_owned())
        }
    }
}

/// Nobody must take it for a code, neither its reader nor a mailbox's rules.
fn marked(text: RenderedMessage) -> RenderedMessage {
    let RenderedMessage { subject, text, html } = text;
    if subject.is_none() {
        return RenderedMessage { subject, text: format!("TEST {text}"), html };
    }
    let html = html.map(|html| {
        let note = format!("<p><strong>{NOTE}</strong></p>");
        // Behind the body's tag; a text of the tenant's own may have none.
        let body = html.find("<body").and_then(|at| Some(at + html.get(at..)?.find('>')? + 1)).unwrap_or(0);
        let (before, after) = html.split_at_checked(body).unwrap_or(("", &html));
        format!("{before}{note}{after}")
    });
    RenderedMessage {
        subject: subject.map(|subject| format!("[TEST] {subject}")),
        text: format!("{NOTE}\n\n{text}"),
        html,
    }
}

fn invalid(field: &'static str, problem: impl Into<String>) -> EngineError {
    EngineError::Invalid { field, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_message_says_so_in_every_part() {
        let mail = |html: &str| RenderedMessage {
            subject: Some("Your code".to_owned()),
            text: "123456".to_owned(),
            html: Some(html.to_owned()),
        };
        let made = marked(mail("<html><body lang=\"de\">x</body></html>"));
        assert_eq!(made.subject.as_deref(), Some("[TEST] Your code"));
        assert!(made.text.starts_with("This is a test message.") && made.text.ends_with("\n\n123456"));
        assert!(made.html.is_some_and(|html| html.starts_with("<html><body lang=\"de\"><p><strong>This is a test")));
        assert!(marked(mail("ä <i>x</i>")).html.is_some_and(|html| html.starts_with("<p><strong>")));
        let sms = marked(RenderedMessage { subject: None, text: "123456 is your code".to_owned(), html: None });
        assert_eq!((sms.text.as_str(), sms.subject), ("TEST 123456 is your code", None));
    }
}

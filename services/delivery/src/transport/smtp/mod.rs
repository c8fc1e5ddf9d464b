//! Sending through a mail server.
//!
//! The conversation is driven command by command, because only that tells on which side of the end of data a
//! connection broke: before it the message was not handed over, after it nobody knows.

mod compose;
mod failure;
mod pool;
mod starttls;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) use self::compose::{Composed, compose};
use self::failure::{Phase, classify, is_reply};
use self::pool::{Pool, Pooled};
use self::wire::{Stream, Wire};
use super::config::{ConfigErrors, EmailChannel, TlsMode};
use super::guard::{GuardError, literal_address};
use super::message::OutgoingMail;
use super::outcome::{Accepted, SendError};
use super::{AddressPolicy, Surroundings, Tls};

/// Sends through one mail server.
pub struct SmtpSender {
    host: String,
    port: u16,
    mode: TlsMode,
    login: Option<(String, SecretString)>,
    allow_plaintext_auth: bool,
    hello: ClientId,
    limit: Duration,
    policy: AddressPolicy,
    tls: Tls,
    pool: Pool,
}

impl fmt::Debug for SmtpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSender").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Why one try on one connection ended.
enum Ended {
    /// A kept connection turned out dead before the message was sent: try a new one.
    Stale,
    Failed(SendError),
}

impl SmtpSender {
    /// Prepares for a channel; connects to nothing yet.
    ///
    /// # Errors
    /// The fields that are wrong, among them a host that spells out a forbidden address.
    pub fn new(channel: &EmailChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        channel.validate()?;
        let host = channel.host.clone().ok_or_else(|| ConfigErrors::one("host", "is missing"))?;
        let port = channel.effective_port();
        if literal_address(&host).is_some_and(|ip| !around.policy.permits(&host, (ip, port).into())) {
            return Err(ConfigErrors::one("host", "must not lead to an internal address"));
        }
        Ok(Self {
            host,
            port,
            mode: channel.tls,
            login: channel.username.clone().zip(channel.password.clone()),
            allow_plaintext_auth: channel.allow_plaintext_auth,
            hello: channel.hello_name.clone().map_or_else(ClientId::default, ClientId::Domain),
            limit: Duration::from_millis(channel.timeout_ms),
            policy: around.policy.clone(),
            tls: around.tls.clone(),
            pool: Pool::new(),
        })
    }

    /// Makes one attempt: name, connection, TLS and conversation within the channel's time limit, and not beyond the
    /// message's life.
    ///
    /// # Errors
    /// See [`SendError`]; `provider_code` is the reply code and, if given, the enhanced one.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        self.send_noting(mail, &AtomicBool::new(false)).await
    }

    /// The same. `message_begun` becomes true when the server is about to get the message itself.
    ///
    /// # Errors
    /// As [`SmtpSender::send`].
    pub async fn send_noting(&self, mail: &OutgoingMail, message_begun: &AtomicBool) -> Result<Accepted, SendError> {
        let composed = compose(mail)?;
        let left_ms = mail.expires_at.map(|end| end.as_millis().saturating_sub(mail.sent_at.as_millis()));
        let left = left_ms.map(|left_ms| Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)));
        let limit = left.map_or(self.limit, |left| left.min(self.limit));
        match tokio::time::timeout(limit, self.deliver(&composed, message_begun)).await {
            Ok(result) => result,
            Err(_) if message_begun.load(Ordering::Relaxed) => Err(SendError::unknown("timeout_after_data")),
            Err(_) => Err(SendError::temporary("timeout")),
        }
    }

    async fn deliver(&self, mail: &Composed, message_begun: &AtomicBool) -> Result<Accepted, SendError> {
        let _leave = self.pool.enter().await;
        while let Some(kept) = self.pool.take().await {
            match self.hand_over(kept, mail, message_begun).await {
                Ok(accepted) => return Ok(accepted),
                Err(Ended::Failed(error)) => return Err(error),
                Err(Ended::Stale) => {}
            }
        }
        let fresh = Pooled { connection: self.open().await?, sent: 0, reused: false };
        match self.hand_over(fresh, mail, message_begun).await {
            Ok(accepted) => Ok(accepted),
            Err(Ended::Failed(error)) => Err(error),
            Err(Ended::Stale) => Err(SendError::temporary("connection_cut")),
        }
    }

    /// One mail transaction; the connection goes back to the pool when it is fit for another.
    async fn hand_over(
        &self,
        mut pooled: Pooled,
        mail: &Composed,
        message_begun: &AtomicBool,
    ) -> Result<Accepted, Ended> {
        let (phase, result) = transact(&mut pooled.connection, mail, message_begun).await;
        pooled.sent += 1;
        match result {
            Ok(response) => {
                self.pool.give_back(pooled).await;
                Ok(Accepted::with_id(queue_id(&response)))
            }
            Err(error) if is_reply(&error) => {
                if pooled.connection.command(Rset).await.is_ok() {
                    self.pool.give_back(pooled).await;
                }
                Err(Ended::Failed(classify(phase, &error)))
            }
            Err(_) if pooled.reused && phase == Phase::Sender => Err(Ended::Stale),
            Err(error) => Err(Ended::Failed(classify(phase, &error))),
        }
    }

    /// A connection through TCP, TLS as configured, `EHLO` and `AUTH`.
    async fn open(&self) -> Result<AsyncSmtpConnection, SendError> {
        let (mut stream, peer) = self.connect().await?;
        let wire = match self.mode {
            TlsMode::None => Wire::new(Stream::Plain(stream), peer, b""),
            TlsMode::Tls => Wire::new(self.handshake(stream).await?, peer, b""),
            TlsMode::Starttls => {
                starttls::ask_for_tls(&mut stream, &self.hello).await?;
                Wire::new(self.handshake(stream).await?, peer, b"220 over TLS\r\n")
            }
        };
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello)
            .await
            .map_err(|e| classify(Phase::Open, &e))?;
        if let Some((user, password)) = &self.login {
            let clear = self.mode == TlsMode::None && !peer.ip().is_loopback();
            if clear && !self.allow_plaintext_auth {
                return Err(SendError::misconfigured("password_needs_tls"));
            }
            let login = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &login).await.map_err(|e| classify(Phase::Auth, &e))?;
        }
        Ok(connection)
    }

    /// Connects to the first checked address that answers.
    async fn connect(&self) -> Result<(TcpStream, SocketAddr), SendError> {
        let addresses = self.policy.resolve(&self.host, self.port).await.map_err(|e| match e {
            GuardError::Refused => SendError::misconfigured("address_refused"),
            GuardError::NotFound => SendError::temporary("host_not_found"),
        })?;
        // One dead address must not use up the time of the others.
        let each = self.limit / u32::try_from(addresses.len()).unwrap_or(1).saturating_add(1);
        for address in addresses {
            if let Ok(Ok(stream)) = tokio::time::timeout(each, TcpStream::connect(address)).await {
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
        }
        Err(SendError::temporary("connect_failed"))
    }

    /// TLS with the configured name, whatever address the name led to.
    async fn handshake(&self, stream: TcpStream) -> Result<Stream, SendError> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| SendError::misconfigured("host_invalid"))?;
        match TlsConnector::from(self.tls.shared()).connect(name, stream).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) => {
                Err(SendError::misconfigured("tls_failed"))
            }
            Err(_) => Err(SendError::temporary("connection_cut")),
        }
    }
}

/// `MAIL`, one `RCPT`, `DATA`, the message.
async fn transact(
    connection: &mut AsyncSmtpConnection,
    mail: &Composed,
    message_begun: &AtomicBool,
) -> (Phase, Result<Response, lettre::transport::smtp::Error>) {
    if let Err(e) = connection.command(Mail::new(Some(mail.from.clone()), Vec::new())).await {
        return (Phase::Sender, Err(e));
    }
    if let Err(e) = connection.command(Rcpt::new(mail.to.clone(), Vec::new())).await {
        return (Phase::Recipient, Err(e));
    }
    if let Err(e) = connection.command(Data).await {
        return (Phase::Data, Err(e));
    }
    message_begun.store(true, Ordering::Relaxed);
    (Phase::Message, connection.message(&mail.bytes).await)
}

/// The server's name for the message, from the customary `… queued as <id>`.
fn queue_id(response: &Response) -> Option<&str> {
    let line = response.first_line()?;
    let (_, after) = line.split_once("queued as ")?;
    after.split_whitespace().next()
}

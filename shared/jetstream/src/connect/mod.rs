//! The connection every adapter shares.

mod beside;
mod link;
mod options;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectErrorKind};
use tokio::runtime::Handle;
use tokio::time::timeout;

use beside::Beside;
pub(crate) use link::Link;
use link::LinkWatch;
pub use options::{Auth, BrokerOptions, TlsFiles};

use crate::Names;

/// How long one server may take to let us in.
const INITIAL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one request may take unless its caller says otherwise.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection without any answer is given up after three of these.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// How long closing waits for what is still to be sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no connection. Texts are internal and name no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The list of servers is empty or malformed.
    #[error("the servers' addresses are wrong: {0}")]
    Address(String),
    /// The credentials file cannot be read.
    #[error("the credentials cannot be used: {0}")]
    Credentials(String),
    /// A certificate, a key or the handshake.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server does not let this user in.
    #[error("the NATS server refuses this user: {0}")]
    Refused(String),
    /// No server answers. Worth trying again.
    #[error("no NATS server can be reached: {0}")]
    Unreachable(String),
}

/// One connection to the broker and the names used there. Cloning is cheap and shares the connection. A lost connection
/// is sought again for ever, on every server in turn.
#[derive(Debug, Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    jetstream: jetstream::Context,
    names: Names,
    link: LinkWatch,
    /// Last: what runs on it ends after everything else is gone.
    beside: Beside,
}

impl Broker {
    /// Connects to the first server that answers, each once.
    ///
    /// # Errors
    /// [`ConnectError`]; only [`ConnectError::Unreachable`] may pass by itself.
    pub async fn connect(options: &BrokerOptions) -> Result<Self, ConnectError> {
        let addresses = options.addresses()?;
        let link = LinkWatch::default();
        let events = link.clone();
        let connecting = options.client_options().await?.event_callback(move |event| {
            events.on(event);
            std::future::ready(())
        });
        let beside = Beside::start("nats").map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        // The tasks of the connection stay where it is made.
        let connected = beside.handle().spawn(connecting.connect(addresses)).await;
        let connected = connected.map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        let client = connected.map_err(|error| connect_error(&error))?;
        let jetstream = ContextBuilder::new().timeout(REQUEST_TIMEOUT).build(client.clone());
        let inner = Inner { client, jetstream, names: options.names.clone(), link, beside };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The plain client. While there is no connection it keeps what is published and sends it later: ask
    /// [`Broker::is_connected`] first where that matters.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The client of the server's streams; its requests give up after 2 s.
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.inner.jetstream
    }

    /// What things are called.
    pub fn names(&self) -> &Names {
        &self.inner.names
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.inner.client.connection_state() == State::Connected
    }

    /// Where the connection lives, for what all requests wait for as they wait for it.
    pub(crate) fn beside(&self) -> &Handle {
        self.inner.beside.handle()
    }

    /// Wakes up when the connection comes and goes.
    pub(crate) fn link(&self) -> tokio::sync::watch::Receiver<Link> {
        self.inner.link.subscribe()
    }

    /// Sends what waits, ends every subscription and the connection, at most 5 s. Every clone is closed with it.
    pub async fn close(&self) {
        let mut link = self.link();
        if self.inner.client.drain().await.is_err() {
            return;
        }
        if timeout(CLOSE_TIMEOUT, link.wait_for(|link| link.closed)).await.is_err() {
            tracing::warn!("the connection to NATS did not end in time");
        }
    }
}

fn connect_error(error: &async_nats::ConnectError) -> ConnectError {
    let reason = error.to_string();
    match error.kind() {
        ConnectErrorKind::ServerParse => ConnectError::Address(reason),
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => ConnectError::Refused(reason),
        ConnectErrorKind::Tls => ConnectError::Tls(reason),
        ConnectErrorKind::Dns | ConnectErrorKind::TimedOut | ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            ConnectError::Unreachable(reason)
        }
    }
}

/// The pause before each attempt on one server: short, because while it lasts nobody can log in, and many processes
/// together are still few connections.
fn reconnect_delay(attempts: usize) -> Duration {
    match attempts {
        0 | 1 => Duration::ZERO,
        2..=5 => Duration::from_millis(50),
        _ => Duration::from_millis(250),
    }
}

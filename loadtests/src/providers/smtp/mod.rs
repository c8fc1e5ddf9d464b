//! A mail server for each provider. By hand: a real one answers, and this one must also hang and hang up.

mod line;
mod session;

use std::sync::Arc;

use anyhow::Result;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use twofold_test_support::certificates::identity;

use self::session::{End, Session};
use super::Provider;
use super::book::Book;

/// What a client must do before it may send.
pub(super) struct Protection {
    tls: Option<(TlsAcceptor, Vec<u8>)>,
    auth: bool,
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Protection").field("starttls", &self.tls.is_some()).field("auth", &self.auth).finish()
    }
}

impl Protection {
    /// With a certificate for `localhost` and `127.0.0.1` made on the spot.
    pub(super) fn new(starttls: bool, auth: bool) -> Result<Self> {
        let tls = if starttls { Some(acceptor()?) } else { None };
        Ok(Self { tls, auth })
    }

    pub(super) fn root_der(&self) -> Option<Vec<u8>> {
        self.tls.as_ref().map(|(_, root)| root.clone())
    }
}

fn acceptor() -> Result<(TlsAcceptor, Vec<u8>)> {
    let made = identity(&["localhost", "127.0.0.1"])?;
    let chain = vec![CertificateDer::from_pem_slice(made.cert_pem.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(made.key_pem.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), made.root_der))
}

/// The mail servers of all providers.
#[derive(Debug)]
pub(super) struct MailSide {
    pub(super) providers: Arc<[Provider]>,
    pub(super) book: Arc<Book>,
    pub(super) protection: Protection,
}

impl MailSide {
    /// Answers whoever comes to one provider's port; never ends.
    pub(super) async fn serve(self: Arc<Self>, number: usize, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(Arc::clone(&self).converse(number, stream));
        }
    }

    async fn converse(self: Arc<Self>, number: usize, stream: TcpStream) -> Option<()> {
        let provider = self.providers.get(number)?;
        let acceptor = self.protection.tls.as_ref().map(|(acceptor, _)| acceptor);
        let session =
            Session { stream, provider, book: &self.book, starttls: acceptor.is_some(), auth: self.protection.auth };
        let End::Upgrade(stream) = session.greet().await? else { return None };
        let stream = acceptor?.accept(stream).await.ok()?;
        let session = Session { stream, provider, book: &self.book, starttls: false, auth: self.protection.auth };
        session.serve().await.map(|_| ())
    }
}

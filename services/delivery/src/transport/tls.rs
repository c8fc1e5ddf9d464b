//! The one TLS client configuration, shared by SMTP and HTTP: rustls on ring, TLS 1.2 and 1.3, bundled roots.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// The trust a process puts in servers.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

/// A root certificate that cannot be read, or a library built without what we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a root certificate or the TLS library is unusable")]
pub struct TlsError;

impl Tls {
    /// The public roots known when this was built.
    ///
    /// # Errors
    /// None in a working build.
    pub fn bundled() -> Result<Self, TlsError> {
        Self::with_extra_roots(&[])
    }

    /// The public roots and some of one's own, in DER.
    ///
    /// # Errors
    /// A root that is no certificate.
    pub fn with_extra_roots(extra: &[Vec<u8>]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for der in extra {
            roots.add(CertificateDer::from(der.clone())).map_err(|_| TlsError)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// For handshakes of our own.
    pub(crate) fn shared(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }

    /// For a library that wants to own one.
    pub(crate) fn owned(&self) -> ClientConfig {
        ClientConfig::clone(&self.0)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

//! Certificates for test servers: an authority made on the spot and one leaf for `localhost`.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A server's identity and the root that vouches for it.
#[derive(Debug, Clone)]
pub struct TestIdentity {
    /// For clients to trust.
    pub root_der: Vec<u8>,
    /// The server's certificate.
    pub cert_pem: String,
    /// Its key.
    pub key_pem: String,
}

/// A fresh authority and a certificate for some names.
///
/// # Errors
/// A name that cannot stand in a certificate.
pub fn identity(names: &[&str]) -> Result<TestIdentity> {
    let mut root = CertificateParams::new(Vec::<String>::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate()?;
    let root_der = root.self_signed(&root_key)?.der().to_vec();
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let leaf = CertificateParams::new(names)?.signed_by(&key, &Issuer::new(root, root_key))?;
    Ok(TestIdentity { root_der, cert_pem: leaf.pem(), key_pem: key.serialize_pem() })
}

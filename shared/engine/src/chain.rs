//! The tamper-evident chain (C18): every commit of a subject carries a keyed hash over itself and the one before it.
//! Without the master key no commit can be changed, inserted, reordered or taken out of the middle unnoticed.

use bytes::Bytes;
use twofold_crypto::{Keyring, constant_time_eq};
use twofold_domain::CommitId;
use twofold_event_log::{Stored, Subject, wire};

/// The hash before the first commit of a subject.
const GENESIS: [u8; 32] = [0; 32];

/// Where a subject's chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain([u8; 32]);

/// A broken chain.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The commit is not what was written after the one before it.
    #[error("commit {0} does not continue its chain")]
    Broken(String),
    /// The commit cannot be read.
    #[error(transparent)]
    Wire(#[from] wire::WireError),
}

impl Chain {
    /// The start of a subject.
    pub const fn start() -> Self {
        Self(GENESIS)
    }

    /// Whether this is the chain after a commit that the log holds.
    pub(crate) fn is_after(&self, commit: &Stored) -> bool {
        wire::split_mac(&commit.payload).is_ok_and(|(_, mac)| constant_time_eq(&mac, &self.0))
    }

    pub(crate) const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals the next commit: the payload to append and the chain after it.
    pub fn seal(self, keyring: &Keyring, subject: &Subject, id: &CommitId, body: Vec<u8>) -> (Bytes, Self) {
        let mac = self.mac(keyring, subject, id, &body);
        (wire::with_mac(body, &mac), Self(mac))
    }

    /// Checks the next commit: the chain after it.
    pub fn check(self, keyring: &Keyring, commit: &Stored) -> Result<Self, ChainError> {
        let (body, mac) = wire::split_mac(&commit.payload)?;
        let expected = self.mac(keyring, &commit.subject, &commit.id, &body);
        if constant_time_eq(&expected, &mac) { Ok(Self(mac)) } else { Err(ChainError::Broken(commit.id.to_string())) }
    }

    fn mac(self, keyring: &Keyring, subject: &Subject, id: &CommitId, body: &[u8]) -> [u8; 32] {
        let parts = [subject.as_str().as_bytes(), b"\n", id.as_str().as_bytes(), b"\n", body];
        keyring.audit_mac_of(&self.0, &parts)
    }
}

//! Values that the domain carries but cannot read: ciphertexts and keyed hashes made by the crypto crate.

/// A ciphertext under a user's or tenant's key. Opaque here; opened only by the crypto crate.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Wraps ciphertext bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    /// The ciphertext.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// A keyed hash (HMAC-SHA-256 under a pepper outside the log): comparable, not reversible without the pepper.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyedHash([u8; 32]);

impl KeyedHash {
    /// Wraps the 32 bytes of the hash.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyedHash(..)")
    }
}

/// Randomness of one issued e-mail or SMS code. The code itself is derived from it under the user's key and is
/// stored nowhere, so the log alone never yields a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeNonce(pub [u8; 16]);

//! Why a ciphertext could not be opened.

/// Failure to open a sealed value or a wrapped key. Carries no secret text and says nothing about the clear value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The bytes are too short to be a ciphertext of ours.
    #[error("ciphertext is truncated")]
    Truncated,
    /// The first byte names a format this build does not know.
    #[error("ciphertext has the unknown format version {0}")]
    UnsupportedVersion(u8),
    /// The key was wrapped under a master key that was not given. The number is the public id of that master key.
    #[error("wrapped under master key {0:08x}, which is not configured; add it to the previous master keys")]
    UnknownMaster(u32),
    /// The authentication tag does not fit: altered bytes, another key, or another owner or context.
    #[error("ciphertext does not authenticate")]
    Authentication,
}

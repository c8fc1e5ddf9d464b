//! Everything secret: key derivation, sealing, one-time codes, recovery codes, API keys and the vault of user keys.
//!
//! Randomness is a parameter ([`Random`]) and time is a parameter ([`twofold_domain::Timestamp`]). Secret types
//! have a redacted `Debug`, no `Display`, no `Serialize`, and are wiped when dropped (C29). Errors carry no secret
//! text. Deliberately absent: HTTP, configuration, the event log.

pub mod api_key;
pub mod codes;
pub mod data_key;
mod error;
pub mod key_store;
pub mod keyring;
mod mac;
pub mod master;
pub mod random;
pub mod recovery;
mod text;
pub mod totp;
pub mod vault;

pub use api_key::{ApiKey, ApiKeyError, ApiKeyKind, ParsedKey};
pub use codes::{CodeFormatError, OneTimeCode, PresentedCode};
pub use data_key::{CodeContext, DataKey};
pub use error::CryptoError;
pub use key_store::{KeyStore, KeyStoreError, Lookup, MemoryKeyStore, SqliteKeyStore, StoreFuture};
pub use keyring::Keyring;
pub use master::{MasterKey, MasterKeyError};
pub use random::{OsRandom, Random};
pub use recovery::{PresentedRecovery, RecoveryCode, RecoveryFormatError};
pub use totp::{TotpEvaluation, TotpSecretError};
pub use vault::{KeyVault, VaultError};

/// Whether two byte strings are equal, in a time that depends on their lengths only (C22).
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    left.ct_eq(right).into()
}

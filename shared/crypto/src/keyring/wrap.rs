//! Wrapping of user and tenant keys: AES-256-GCM under a key of their own per owner.

use aes_gcm::KeyInit as _;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    data_key::{Cipher, DataKey, decrypt, encrypt},
    error::CryptoError,
    mac,
    random::Random,
};

/// Format of a wrap: this byte, 4 bytes of master key id, nonce, 32 bytes of ciphertext, tag.
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;

/// The wrapping key of one master key.
pub(super) struct Wrapper {
    /// Tells wraps of different master keys apart. Derived by a one-way function, so it says nothing of the key.
    pub(super) id: u32,
    keys: Hkdf<Sha256>,
}

impl Wrapper {
    pub(super) fn new(master: &Hkdf<Sha256>) -> Self {
        let id = mac::expand(master, &[b"master-id"]);
        let root = mac::expand(master, &[b"key-encryption"]);
        Self { id: u32::from_be_bytes([id[0], id[1], id[2], id[3]]), keys: Hkdf::new(None, &*root) }
    }

    pub(super) fn wrap(&self, owner: &str, key: &DataKey, rng: &dyn Random) -> Vec<u8> {
        let mut wrapped = Vec::with_capacity(80);
        wrapped.push(VERSION);
        wrapped.extend_from_slice(&self.id.to_be_bytes());
        encrypt(&self.cipher(owner), owner.as_bytes(), key.as_bytes(), rng, &mut wrapped);
        wrapped
    }

    pub(super) fn unwrap(&self, owner: &str, wrapped: &[u8]) -> Result<DataKey, CryptoError> {
        let body = wrapped.get(HEADER_BYTES..).ok_or(CryptoError::Truncated)?;
        let clear: Zeroizing<Vec<u8>> = decrypt(&self.cipher(owner), owner.as_bytes(), body)?;
        clear.as_slice().try_into().map(DataKey::from_bytes).map_err(|_| CryptoError::Truncated)
    }

    /// A key per owner: the number of wraps under one key stays far below the limit for random nonces.
    fn cipher(&self, owner: &str) -> Cipher {
        Cipher::new((&*mac::expand(&self.keys, &[b"owner", owner.as_bytes()])).into())
    }
}

/// The master key id in front of a wrap.
pub(super) fn master_id(wrapped: &[u8]) -> Result<u32, CryptoError> {
    let [version, a, b, c, d] = wrapped.first_chunk::<HEADER_BYTES>().ok_or(CryptoError::Truncated)?;
    if *version != VERSION {
        return Err(CryptoError::UnsupportedVersion(*version));
    }
    Ok(u32::from_be_bytes([*a, *b, *c, *d]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyring::Keyring, master::MasterKey, random::OsRandom};

    #[test]
    fn a_wrap_opens_for_its_owner_only() {
        let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
        let key = DataKey::generate(&OsRandom);
        let wrapped = keyring.wrap("tn1", &key, &OsRandom);
        assert_eq!(wrapped.len(), 65);
        assert_eq!(keyring.unwrap("tn1", &wrapped).expect("opens").as_bytes(), key.as_bytes());
        assert_eq!(keyring.unwrap("tn2", &wrapped).err(), Some(CryptoError::Authentication));
    }

    #[test]
    fn any_altered_byte_is_noticed() {
        let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
        let wrapped = keyring.wrap("tn1", &DataKey::generate(&OsRandom), &OsRandom);
        for place in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[place] ^= 1;
            let error = keyring.unwrap("tn1", &altered).expect_err("refused");
            let expected = match place {
                0 => matches!(error, CryptoError::UnsupportedVersion(0)),
                1..HEADER_BYTES => matches!(error, CryptoError::UnknownMaster(_)),
                _ => error == CryptoError::Authentication,
            };
            assert!(expected, "{place}: {error}");
            assert!(keyring.unwrap("tn1", &wrapped[..place]).is_err());
        }
    }
}

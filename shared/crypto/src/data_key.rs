//! The key of one user or tenant: seals personal fields and TOTP secrets, and makes e-mail and SMS codes.

use std::sync::OnceLock;

use aes_gcm::{AeadInOut as _, AesGcm, KeyInit as _, aead::consts::U12, aes::Aes256Enc};
use hkdf::Hkdf;
use sha2::Sha256;
use twofold_domain::{CodeNonce, KeyedHash, Sealed};
use zeroize::Zeroizing;

use crate::{codes::OneTimeCode, error::CryptoError, mac, random::Random};

/// AES-256-GCM; GCM needs the encrypting half of AES only, which halves the memory of a cached key.
pub(crate) type Cipher = AesGcm<Aes256Enc, U12>;

/// Format of a sealed value: this byte, nonce, ciphertext, tag.
const VERSION: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// 32 bytes that encrypt what belongs to one owner. Redacted in `Debug`, wiped on drop. Share it in an `Arc`.
///
/// Nonces are random, so one key may seal at most 2^32 values (NIST SP 800-38D section 8.3); a user has some dozens.
pub struct DataKey {
    key: Box<Zeroizing<[u8; 32]>>,
    // Deriving it costs more than sealing a short value. The cipher itself, expanded, would take ten times the memory, and
    // is made in a fraction of a microsecond.
    sealing: OnceLock<Box<Zeroizing<[u8; 32]>>>,
}

/// What an e-mail or SMS code is bound to (C9). Changing any part gives an unrelated code.
#[derive(Debug, Clone, Copy)]
pub struct CodeContext<'a> {
    /// What the code is for, such as `login` or `enrol`.
    pub purpose: &'a str,
    /// The id of the challenge or enrolment.
    pub reference: &'a str,
    /// Fingerprint of the address or number it goes to.
    pub destination: &'a KeyedHash,
    /// The randomness of this very code; a resend has another one (C23).
    pub nonce: CodeNonce,
    /// Digits, held within 6..=8.
    pub digits: u8,
}

impl DataKey {
    /// Draws a new key.
    pub fn generate(rng: &dyn Random) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        rng.fill(&mut **key);
        Self { key, sealing: OnceLock::new() }
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { key: Box::new(Zeroizing::new(*bytes)), sealing: OnceLock::new() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// Encrypts under AES-256-GCM with a random nonce. `aad` is not stored, and opening needs the same again: put
    /// into it what the value is and whose. At most 64 GiB.
    pub fn seal(&self, aad: &[u8], clear: &[u8], rng: &dyn Random) -> Sealed {
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + clear.len() + TAG_BYTES);
        sealed.push(VERSION);
        encrypt(&self.cipher(), aad, clear, rng, &mut sealed);
        Sealed::new(sealed)
    }

    /// Decrypts what [`DataKey::seal`] made under the same key and `aad`.
    pub fn open(&self, aad: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (version, body) = sealed.as_bytes().split_first().ok_or(CryptoError::Truncated)?;
        if *version != VERSION {
            return Err(CryptoError::UnsupportedVersion(*version));
        }
        decrypt(&self.cipher(), aad, body)
    }

    /// Derives the one-time code of a context. Nothing stores it: it is derived once to send it and once to check it.
    ///
    /// 128 bits of HMAC-SHA-256 reduced modulo 10^digits: the bias is below 2^-100 (C6).
    pub fn code(&self, context: &CodeContext<'_>) -> OneTimeCode {
        let key = mac::prepare(&self.subkey(b"twofold/v1/one-time-code"));
        let tag = mac::over(
            &key,
            &[
                context.purpose.as_bytes(),
                context.reference.as_bytes(),
                context.destination.as_bytes(),
                &context.nonce.0,
                &[context.digits],
            ],
        );
        let mut half = [0; 16];
        half.copy_from_slice(&tag[..16]);
        // 10^8 divides the modulus of every length, so reducing twice loses nothing.
        let number = u64::try_from(u128::from_be_bytes(half) % 100_000_000).unwrap_or(0);
        OneTimeCode::from_number(number, context.digits)
    }

    fn cipher(&self) -> Cipher {
        Cipher::new((&***self.sealing.get_or_init(|| Box::new(self.subkey(b"twofold/v1/seal")))).into())
    }

    fn subkey(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        mac::expand(&Hkdf::<Sha256>::new(None, &**self.key), &[label])
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// Appends a random nonce, the ciphertext and the tag.
pub(crate) fn encrypt(cipher: &Cipher, aad: &[u8], clear: &[u8], rng: &dyn Random, out: &mut Vec<u8>) {
    let mut nonce = [0; NONCE_BYTES];
    rng.fill(&mut nonce);
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.extend_from_slice(clear);
    let Ok(tag) = cipher.encrypt_inout_detached((&nonce).into(), aad, (&mut out[start..]).into()) else {
        unreachable!("no value in memory reaches the 64 GiB limit of GCM");
    };
    out.extend_from_slice(&tag);
}

/// Opens nonce, ciphertext and tag.
pub(crate) fn decrypt(cipher: &Cipher, aad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (nonce, rest) = body.split_first_chunk::<NONCE_BYTES>().ok_or(CryptoError::Truncated)?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(CryptoError::Truncated)?;
    let mut clear = Zeroizing::new(text.to_vec());
    cipher
        .decrypt_inout_detached(nonce.into(), aad, clear.as_mut_slice().into(), tag.into())
        .map_err(|_| CryptoError::Authentication)?;
    Ok(clear)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{codes::PresentedCode, random::OsRandom};

    fn context(destination: &KeyedHash) -> CodeContext<'_> {
        CodeContext { purpose: "login", reference: "ch1", destination, nonce: CodeNonce([9; 16]), digits: 6 }
    }

    #[test]
    fn a_code_is_bound_to_all_of_its_context() {
        let key = DataKey::from_bytes(&[1; 32]);
        let (here, there) = (KeyedHash::new([2; 32]), KeyedHash::new([3; 32]));
        let base = context(&here);
        let code = key.code(&base);
        assert_eq!(code.expose(), key.code(&base).expose(), "derived again to be checked");
        assert!(code.matches(&PresentedCode::parse(code.expose()).expect("a code")));
        for other in [
            CodeContext { purpose: "loginc", reference: "h1", ..base },
            CodeContext { reference: "ch2", ..base },
            CodeContext { destination: &there, ..base },
            CodeContext { nonce: CodeNonce([8; 16]), ..base },
        ] {
            assert_ne!(code.expose(), key.code(&other).expose(), "{other:?}");
        }
        assert_ne!(code.expose(), DataKey::from_bytes(&[2; 32]).code(&base).expose());
        let eight = key.code(&CodeContext { digits: 8, ..base });
        assert_eq!(eight.expose().len(), 8);
        assert_ne!(&eight.expose()[2..], code.expose(), "the length is part of the context");
    }

    #[test]
    fn codes_are_uniform_and_keep_leading_zeros() {
        let key = DataKey::generate(&OsRandom);
        let destination = KeyedHash::new([0; 32]);
        let mut first_digits = [0_u32; 10];
        for _ in 0..20_000 {
            let code = key.code(&CodeContext { nonce: CodeNonce(OsRandom.bytes16()), ..context(&destination) });
            assert_eq!(code.expose().len(), 6);
            first_digits[usize::from(code.expose().as_bytes()[0] - b'0')] += 1;
        }
        // 2,000 expected each; six standard deviations are about 255.
        assert!(first_digits.iter().all(|count| (1_745..2_255).contains(count)), "{first_digits:?}");
    }

    #[test]
    fn debug_shows_nothing_and_a_cached_key_is_small() {
        let key = DataKey::from_bytes(b"canary-canary-canary-canary-1234");
        let _ = key.seal(b"", b"", &OsRandom);
        assert_eq!(format!("{key:?}"), "DataKey(..)");
        assert!(size_of::<DataKey>() <= 32, "{}", size_of::<DataKey>());
    }

    #[test]
    fn short_and_foreign_formats_are_named() {
        let key = DataKey::generate(&OsRandom);
        let open = |bytes: &[u8]| key.open(b"", &Sealed::new(bytes.to_vec())).expect_err("refused");
        assert_eq!(open(&[]), CryptoError::Truncated);
        assert_eq!(open(&[VERSION; 28]), CryptoError::Truncated);
        assert_eq!(open(&[9; 29]), CryptoError::UnsupportedVersion(9));
        assert_eq!(open(&[VERSION; 29]), CryptoError::Authentication);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_nothing_else_does(
            clear in proptest::collection::vec(any::<u8>(), 0..80), aad in proptest::collection::vec(any::<u8>(), 0..40),
            flip in 1_u8..=255, at in any::<prop::sample::Index>(),
        ) {
            let key = DataKey::generate(&OsRandom);
            let sealed = key.seal(&aad, &clear, &OsRandom);
            prop_assert_eq!(&*key.open(&aad, &sealed).expect("opens"), &clear);
            prop_assert_ne!(&sealed, &key.seal(&aad, &clear, &OsRandom), "a fresh nonce each time");

            let mut bytes = sealed.as_bytes().to_vec();
            let place = at.index(bytes.len());
            bytes[place] ^= flip;
            prop_assert!(key.open(&aad, &Sealed::new(bytes.clone())).is_err());
            bytes[place] ^= flip;
            bytes.truncate(place);
            prop_assert!(key.open(&aad, &Sealed::new(bytes)).is_err());

            let mut other = aad.clone();
            other.push(flip);
            prop_assert_eq!(key.open(&other, &sealed).err(), Some(CryptoError::Authentication));
            prop_assert_eq!(
                DataKey::generate(&OsRandom).open(&aad, &sealed).err(),
                Some(CryptoError::Authentication)
            );
        }
    }
}

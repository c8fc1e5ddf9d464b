//! Base32 (RFC 4648 section 6) as authenticator apps show and other systems export it.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

/// Fewest bytes of an imported secret: 80 bits, what older systems made.
pub const MIN_SECRET_BYTES: usize = 10;
/// Most bytes of an imported secret.
pub const MAX_SECRET_BYTES: usize = 128;
/// Longest accepted text in bytes: the longest secret in groups of four with separators and padding.
const MAX_TEXT_BYTES: usize = 320;

/// Why a text is not a TOTP secret. Never echoes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotpSecretError {
    /// A character outside the base32 alphabet, or a number of characters no encoder gives.
    #[error("a secret is base32: the letters A to Z and the digits 2 to 7")]
    Malformed,
    /// Less than 80 bits.
    #[error("a secret has at least 80 bits (16 base32 characters)")]
    TooShort,
    /// More than 128 bytes.
    #[error("a secret has at most 128 bytes")]
    TooLong,
}

/// The secret in upper-case base32 without padding: 32 letters for 160 bits.
pub fn base32(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE32_NOPAD.encode(secret))
}

/// Reads a secret of 80 bits to 128 bytes: either case, blanks and hyphens ignored, padding optional.
///
/// Left-over bits of the last character are dropped rather than checked: systems that draw base32 characters
/// instead of bytes leave them set, and the apps their users enrolled dropped them too.
pub fn parse_base32(text: &str) -> Result<Zeroizing<Vec<u8>>, TotpSecretError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(TotpSecretError::TooLong);
    }
    let body = text.trim().trim_end_matches('=');
    let mut secret = Zeroizing::new(Vec::with_capacity(MAX_TEXT_BYTES * 5 / 8));
    let (mut bits, mut held, mut characters) = (0_u32, 0_u32, 0_usize);
    for c in body.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}' | '\t')) {
        let value = match c.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            _ => return Err(TotpSecretError::Malformed),
        };
        characters += 1;
        bits = (bits << 5) | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            // At most 12 bits are held, so what is above the remaining ones is one byte.
            secret.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    if matches!(characters % 8, 1 | 3 | 6) {
        return Err(TotpSecretError::Malformed);
    }
    match secret.len() {
        0..MIN_SECRET_BYTES => Err(TotpSecretError::TooShort),
        MIN_SECRET_BYTES..=MAX_SECRET_BYTES => Ok(secret),
        _ => Err(TotpSecretError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts_are_read() {
        let secret = b"12345678901234567890";
        let text = base32(secret);
        assert_eq!(*text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for form in ["gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ\n"] {
            assert_eq!(parse_base32(form).expect("accepted").as_slice(), secret);
        }
        assert_eq!(parse_base32("GEZDGNBVGY3TQOJQGE======").expect("padded").as_slice(), b"12345678901");
        assert_eq!(parse_base32("GEZDGNBVGY3TQOJQGH").expect("left-over bits").as_slice(), b"12345678901");
    }

    #[test]
    fn anything_else_is_refused() {
        use TotpSecretError::{Malformed, TooLong, TooShort};
        for (text, why) in [
            ("", TooShort),
            ("GEZDGNBVGY3TQOI", TooShort),
            ("GEZDGNBVGY3TQOJQG", Malformed),
            ("GEZDGNBVGY3TQOJ0", Malformed),
            ("GEZDGNBVGY3TQOJ1", Malformed),
            ("GEZD=GNBVGY3TQOJQ", Malformed),
            ("GEZDGNBVGY3TQOJé", Malformed),
        ] {
            assert_eq!(parse_base32(text).err(), Some(why), "{text}");
        }
        assert_eq!(parse_base32(&"A".repeat(208)).err(), Some(TooLong));
        assert_eq!(parse_base32(&"A".repeat(1_000)).err(), Some(TooLong));
    }

    proptest! {
        #[test]
        fn round_trips(secret in proptest::collection::vec(any::<u8>(), 10..=128)) {
            prop_assert_eq!(&*parse_base32(&base32(&secret)).expect("accepted"), &secret);
        }
    }
}

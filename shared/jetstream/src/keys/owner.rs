//! Owners as keys of the bucket.

use std::fmt::Write as _;

use twofold_crypto::KeyStoreError;

/// Bytes of a key: far above what an owner needs, far below what the server takes as a subject.
const MAX_KEY_BYTES: usize = 512;

/// The key of an owner, a different one for every owner: `/` separates tokens, letters, digits, `_` and `-` stay, any
/// other byte is `=` and two hex digits, and an empty token is a lone `=`. So no owner can be a wildcard.
///
/// # Errors
/// An owner whose key is longer than 512 bytes; there are none of ours.
pub(super) fn key_of(owner: &str) -> Result<String, KeyStoreError> {
    let mut key = String::with_capacity(owner.len());
    for (position, token) in owner.split('/').enumerate() {
        if position > 0 {
            key.push('.');
        }
        if token.is_empty() {
            key.push('=');
        }
        for byte in token.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
                key.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(key, "={byte:02x}");
            }
        }
    }
    if key.len() > MAX_KEY_BYTES { Err(KeyStoreError::unavailable("the owner's name is too long")) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn different_owners_have_different_keys_and_none_is_a_pattern() {
        let owners = [
            "",
            "/",
            "//",
            "a",
            "a/",
            "/a",
            "a/b",
            "a//b",
            "a.b",
            "a b",
            "*",
            ">",
            "a/*",
            "a/>",
            "=",
            "==",
            "=61",
            "a=2f b",
            "ä",
            "\u{2028}",
            "a\0b",
            "A",
            "ten_x/usr_y",
            "ten_x.usr_y",
            "$KV",
            "a\r\nb",
        ];
        let keys: HashSet<String> = owners.iter().map(|owner| key_of(owner).expect("short")).collect();
        assert_eq!(keys.len(), owners.len());
        for key in &keys {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=' | b'.');
            assert!(key.bytes().all(plain) && key.split('.').all(|token| !token.is_empty()), "{key}");
        }
        assert_eq!(key_of("ten_x/usr_y").expect("short"), "ten_x.usr_y");
    }

    #[test]
    fn an_endless_owner_is_refused() {
        assert!(key_of(&"a".repeat(MAX_KEY_BYTES + 1)).is_err());
    }
}

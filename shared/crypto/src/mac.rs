//! HMAC-SHA-256 with a prepared key, over fields that are each preceded by their length.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// An HMAC whose two key blocks are already hashed; cloning it is a copy of some 200 bytes. Wiped on drop.
pub(crate) type MacState = Hmac<Sha256>;

/// Prepares the HMAC of a 32-byte key. Padding with zeros is what RFC 2104 section 2 does to a short key.
pub(crate) fn prepare(key: &[u8; 32]) -> MacState {
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..32].copy_from_slice(key);
    MacState::new((&*block).into())
}

/// MAC over fields, each preceded by its length in 8 bytes, so that no two different lists give one message.
pub(crate) fn over(state: &MacState, fields: &[&[u8]]) -> [u8; 32] {
    let mut mac = state.clone();
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    mac.finalize().into_bytes().into()
}

/// The same over two fields, the second of which is in parts: nobody has to put them together first.
pub(crate) fn over_parts(state: &MacState, first: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = state.clone();
    mac.update(&(first.len() as u64).to_be_bytes());
    mac.update(first);
    mac.update(&parts.iter().map(|part| part.len() as u64).sum::<u64>().to_be_bytes());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand (RFC 5869 section 2.3) to 32 bytes.
pub(crate) fn expand(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0_u8; 32]);
    let Ok(()) = hkdf.expand_multi_info(info, &mut *key) else {
        unreachable!("32 bytes are within the 8,160 that HKDF-SHA-256 can give");
    };
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart() {
        let state = prepare(&[7; 32]);
        assert_ne!(over(&state, &[b"ab", b"c"]), over(&state, &[b"a", b"bc"]));
        assert_ne!(over(&state, &[b"ab"]), over(&state, &[b"ab", b""]));
    }

    #[test]
    fn parts_are_as_good_as_the_whole() {
        let state = prepare(&[7; 32]);
        let whole = over(&state, &[b"first", b"second field"]);
        for parts in [&[b"second field".as_slice()][..], &[b"second", b"", b" ", b"field"]] {
            assert_eq!(over_parts(&state, b"first", parts), whole);
        }
        assert_ne!(over_parts(&state, b"firsts", &[b"econd field"]), whole);
    }

    #[test]
    fn a_prepared_key_gives_plain_hmac() {
        // RFC 4231 test case 1, whose 20-byte key is padded with zeros like any short key.
        let mut key = [0_u8; 32];
        key[..20].fill(0x0b);
        let mut mac = prepare(&key);
        mac.update(b"Hi There");
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&tag),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn expansion_follows_rfc_5869_test_case_1() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let hkdf = Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&*expand(&hkdf, &[&info[..4], &info[4..]])),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }
}

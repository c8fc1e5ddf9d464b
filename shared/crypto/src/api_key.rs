//! API keys: `tf_live_`, `tf_test_` or `tf_op_`, then 26 characters of key id, 43 of secret and 6 of checksum.

use twofold_domain::{KeyId, Mode};
use zeroize::Zeroizing;

use crate::random::{Random, characters};

const ID_CHARS: usize = KeyId::LEN - KeyId::PREFIX.len();
/// 43 characters of base62 carry 256 bits (C22 asks for 128).
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const BODY_CHARS: usize = ID_CHARS + SECRET_CHARS + CHECKSUM_CHARS;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whom a key belongs to, told by its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyKind {
    /// A tenant's key for real users.
    Live,
    /// A tenant's key for test users.
    Test,
    /// A key of whoever runs the server: tenants and their keys, nothing of users.
    Operator,
}

impl ApiKeyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Live, Self::Test, Self::Operator];

    /// The text every key of this kind starts with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Live => "tf_live_",
            Self::Test => "tf_test_",
            Self::Operator => "tf_op_",
        }
    }

    /// The mode a tenant's key works in; none for an operator's.
    pub const fn mode(self) -> Option<Mode> {
        match self {
            Self::Live => Some(Mode::Live),
            Self::Test => Some(Mode::Test),
            Self::Operator => None,
        }
    }
}

impl From<Mode> for ApiKeyKind {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self::Live,
            Mode::Test => Self::Test,
        }
    }
}

/// A whole key, as it is shown once. Redacted in `Debug`, wiped on drop.
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// The key, to be shown to its owner once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// The parts of a key that was presented. Well-formed, but not yet known to exist.
pub struct ParsedKey {
    /// Told by the prefix. What counts is what is stored under the id; the two must agree.
    pub kind: ApiKeyKind,
    /// The public half.
    pub id: KeyId,
    /// The secret half, for [`crate::Keyring::api_key_hash`].
    pub secret: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for ParsedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParsedKey").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a text is not an API key. Told without a lookup, so it says nothing about which keys exist (C17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Not of the shape of a key.
    #[error("not an API key")]
    Malformed,
    /// Of the right shape, with a wrong checksum: mistyped or cut while copying.
    #[error("the API key is mistyped: its checksum is wrong")]
    Checksum,
}

/// Draws a new key. Store the id and [`crate::Keyring::api_key_hash`] of the secret, nothing else.
pub fn generate(kind: ApiKeyKind, rng: &dyn Random) -> (KeyId, ApiKey) {
    let id = KeyId::from_bytes(rng.bytes16());
    let secret = characters(rng, BASE62, SECRET_CHARS);
    let mut key = Zeroizing::new(String::with_capacity(kind.prefix().len() + BODY_CHARS));
    key.push_str(kind.prefix());
    key.push_str(&id.as_str()[KeyId::PREFIX.len()..]);
    key.push_str(&secret);
    let sum = checksum(key.as_bytes());
    key.extend(sum.map(char::from));
    (id, ApiKey(key))
}

/// Takes a presented key apart. Any single mistyped character, and any two swapped neighbours, are an error.
pub fn parse(text: &str) -> Result<ParsedKey, ApiKeyError> {
    let (kind, body) = ApiKeyKind::ALL
        .into_iter()
        .find_map(|kind| text.strip_prefix(kind.prefix()).map(|body| (kind, body)))
        .ok_or(ApiKeyError::Malformed)?;
    if body.len() != BODY_CHARS || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiKeyError::Malformed);
    }
    let (signed, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
    if checksum(signed.as_bytes()) != sum.as_bytes() {
        return Err(ApiKeyError::Checksum);
    }
    let (id, secret) = body[..BODY_CHARS - CHECKSUM_CHARS].split_at(ID_CHARS);
    let id = KeyId::parse(&format!("{}{id}", KeyId::PREFIX)).map_err(|_| ApiKeyError::Malformed)?;
    Ok(ParsedKey { kind, id, secret: Zeroizing::new(secret.as_bytes().to_vec()) })
}

/// What each byte does to the checksum: every request brings a key.
const CRC_OF_BYTES: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

/// CRC-32 (IEEE 802.3) in base62. A check against typing errors, not a security measure: it tells every burst of up
/// to 32 wrong bits, so one wrong character or two swapped neighbours never slip through.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        (crc >> 8) ^ CRC_OF_BYTES[usize::from(low ^ byte)]
    });
    let mut rest = !crc;
    let mut out = [b'0'; CHECKSUM_CHARS];
    for place in out.iter_mut().rev() {
        *place = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn keys_round_trip_and_show_their_kind() {
        for kind in ApiKeyKind::ALL {
            let (id, key) = generate(kind, &OsRandom);
            let parsed = parse(key.expose()).expect("well-formed");
            assert_eq!((parsed.kind, &parsed.id), (kind, &id));
            assert_eq!(parsed.secret.len(), SECRET_CHARS);
            assert!(key.expose().starts_with(kind.prefix()));
            assert!(key.expose().contains(&id.as_str()[2..]));
            let shown = format!("{key:?} {parsed:?}");
            let secret = String::from_utf8(parsed.secret.to_vec()).expect("ASCII");
            assert!(!shown.contains(&secret) && !shown.contains(&format!("{:?}", secret.as_bytes())), "{shown}");
        }
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of the CRC catalogue: "123456789" gives CBF43926, which is 3,421,780,262.
        let value = checksum(b"123456789")
            .iter()
            .fold(0_u64, |sum, c| sum * 62 + BASE62.iter().position(|b| b == c).expect("in the alphabet") as u64);
        assert_eq!(value, 0xCBF4_3926);
    }

    #[test]
    fn other_texts_are_malformed() {
        let (_, key) = generate(ApiKeyKind::Live, &OsRandom);
        let key = key.expose();
        for bad in [
            String::new(),
            "tf_live_".to_owned(),
            key[..key.len() - 1].to_owned(),
            format!("{key}0"),
            format!(" {key}"),
            format!("{key}\n"),
            key.replace("tf_live_", "tf_prod_"),
            key.replace("tf_live_", "TF_LIVE_"),
            format!("{}é", &key[..key.len() - 2]),
        ] {
            assert_eq!(parse(&bad).err(), Some(ApiKeyError::Malformed), "{bad:?}");
        }
        assert_eq!(parse(&key.replace("tf_live_", "tf_test_")).err(), Some(ApiKeyError::Checksum));
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_noticed(
            place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), kind in 0_usize..3,
        ) {
            let (_, key) = generate(ApiKeyKind::ALL[kind], &OsRandom);
            let mut bytes = key.expose().as_bytes().to_vec();
            let place = place.index(bytes.len());
            let wrong = BASE62[other.index(62)];
            prop_assume!(bytes[place] != wrong);
            bytes[place] = wrong;
            prop_assert!(parse(std::str::from_utf8(&bytes).expect("ASCII")).is_err());
        }

        #[test]
        fn two_swapped_neighbours_are_always_noticed(place in 0_usize..80) {
            let (_, key) = generate(ApiKeyKind::Operator, &OsRandom);
            let mut bytes = key.expose().as_bytes().to_vec();
            prop_assume!(bytes[place] != bytes[place + 1]);
            bytes.swap(place, place + 1);
            prop_assert!(parse(std::str::from_utf8(&bytes).expect("ASCII")).is_err());
        }

        #[test]
        fn no_input_panics(text in "(tf_(live|test|op)_)?\\PC{0,80}") {
            let _ = parse(&text);
        }
    }
}

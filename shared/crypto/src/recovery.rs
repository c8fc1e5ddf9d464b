//! Recovery codes: shown once, stored as keyed hashes ([`crate::Keyring::recovery_hash`], C8).

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use twofold_domain::KeyedHash;
use zeroize::Zeroizing;

use crate::{
    random::{Random, characters},
    text::{MAX_INPUT_BYTES, pasted},
};

/// The 28 characters of a recovery code: no `0 o 1 l i`, and no vowels, so that no words come out. Eight of them
/// carry 38 bits.
pub const ALPHABET: &[u8] = b"23456789bcdfghjkmnpqrstvwxyz";

/// Most codes of one set; more are not made.
pub const MAX_COUNT: usize = 32;
/// Fewest characters of a code: with 4, a full set can still be distinct.
pub const MIN_LENGTH: usize = 4;
/// Most characters of a code.
pub const MAX_LENGTH: usize = 32;

/// A freshly made code. Redacted in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// The code as it is shown and as it is hashed: lower case, no separators.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// Draws `count` different codes of `length` characters each, every one of them equally likely. `count` is capped at
/// [`MAX_COUNT`], `length` is held within [`MIN_LENGTH`]..=[`MAX_LENGTH`].
pub fn generate(count: usize, length: usize, rng: &dyn Random) -> Vec<RecoveryCode> {
    let length = length.clamp(MIN_LENGTH, MAX_LENGTH);
    let count = count.min(MAX_COUNT);
    let mut codes: Vec<RecoveryCode> = Vec::with_capacity(count);
    while codes.len() < count {
        let code = RecoveryCode(characters(rng, ALPHABET, length));
        // One letter at least, so that a login page with one field can tell a recovery code from digits.
        let has_letter = code.expose().bytes().any(|b| b.is_ascii_alphabetic());
        if has_letter && codes.iter().all(|other| other.expose() != code.expose()) {
            codes.push(code);
        }
    }
    codes
}

/// A recovery code that somebody typed, normalised. Redacted in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct PresentedRecovery(Zeroizing<String>);

/// Why a text cannot be a recovery code at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryFormatError {
    /// More than 64 bytes.
    #[error("the recovery code is longer than 64 bytes")]
    TooLong,
    /// A character that occurs in no recovery code.
    #[error("a recovery code has letters and digits only, and never 0, 1, i, l or a vowel")]
    Character,
    /// Fewer than 4 or more than 32 characters once blanks and hyphens are gone.
    #[error("a recovery code has 4 to 32 characters")]
    Length,
}

impl PresentedRecovery {
    /// Reads a typed or pasted code of at most 64 bytes: blanks and hyphens are ignored, ASCII capitals are lowered,
    /// and only characters of [`ALPHABET`] may be left.
    pub fn parse(text: &str) -> Result<Self, RecoveryFormatError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(RecoveryFormatError::TooLong);
        }
        let mut code = Zeroizing::new(String::with_capacity(MAX_INPUT_BYTES));
        for c in pasted(text) {
            let c = c.to_ascii_lowercase();
            if !u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)) {
                return Err(RecoveryFormatError::Character);
            }
            code.push(c);
        }
        if (MIN_LENGTH..=MAX_LENGTH).contains(&code.len()) { Ok(Self(code)) } else { Err(RecoveryFormatError::Length) }
    }

    /// The normalised code, for [`crate::Keyring::recovery_hash`].
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PresentedRecovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedRecovery(..)")
    }
}

/// The place of `presented` among the stored hashes; `None` entries are used codes and never match. Looks at the
/// whole list whatever it holds, in a time that depends on its length only (C22).
pub fn find(stored: &[Option<KeyedHash>], presented: &KeyedHash) -> Option<usize> {
    let mut place = 0_u64;
    let mut found = Choice::from(0);
    for (index, entry) in (0_u64..).zip(stored) {
        let unused = Choice::from(u8::from(entry.is_some()));
        let hash = entry.unwrap_or(KeyedHash::new([0; 32]));
        let hit = hash.as_bytes().ct_eq(presented.as_bytes()) & unused;
        place.conditional_assign(&index, hit);
        found |= hit;
    }
    if found.into() { usize::try_from(place).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn a_set_is_distinct_and_in_the_alphabet() {
        for (count, length) in [(10, 8), (16, 10), (32, 4), (1, 32)] {
            let codes = generate(count, length, &OsRandom);
            let distinct: HashSet<&str> = codes.iter().map(RecoveryCode::expose).collect();
            assert_eq!(distinct.len(), count);
            assert!(distinct.iter().all(|code| code.len() == length && code.bytes().all(|b| ALPHABET.contains(&b))));
        }
        assert!(!ALPHABET.iter().any(|c| b"0o1liaeu".contains(c)));
        assert_eq!(ALPHABET.iter().collect::<HashSet<_>>().len(), 28);
        assert!(generate(0, 8, &OsRandom).is_empty());
    }

    #[test]
    fn typed_forms_are_normalised() {
        use RecoveryFormatError::{Character, Length, TooLong};
        for text in ["bcdf2345", "BCDF-2345", " bcdf 2345\n", "BcDf\u{a0}2345"] {
            assert_eq!(PresentedRecovery::parse(text).expect("accepted").expose(), "bcdf2345");
        }
        for (text, why) in [
            ("", Length),
            ("bcd", Length),
            ("bcdf0345", Character),
            ("bcdf234é", Character),
            ("bcdf234\u{212a}", Character),
            ("bcdf\n2345", Character),
        ] {
            assert_eq!(PresentedRecovery::parse(text).err(), Some(why), "{text:?}");
        }
        assert_eq!(PresentedRecovery::parse(&"b".repeat(33)).err(), Some(Length));
        assert_eq!(PresentedRecovery::parse(&"b".repeat(65)).err(), Some(TooLong));
    }

    #[test]
    fn used_codes_are_never_found() {
        let hash = |n| KeyedHash::new([n; 32]);
        let stored = [Some(hash(1)), None, Some(hash(3))];
        assert_eq!(find(&stored, &hash(1)), Some(0));
        assert_eq!(find(&stored, &hash(3)), Some(2));
        assert_eq!(find(&stored, &hash(2)), None);
        assert_eq!(find(&stored, &hash(0)), None, "the stand-in for a used code matches nothing");
        assert_eq!(find(&[], &hash(0)), None);
    }

    #[test]
    fn debug_shows_nothing() {
        let code = generate(1, 8, &OsRandom).remove(0);
        let presented = PresentedRecovery::parse(code.expose()).expect("accepted");
        assert!(!format!("{code:?} {presented:?}").contains(code.expose()));
    }

    proptest! {
        #[test]
        fn every_made_code_is_accepted_when_typed(count in 1_usize..=16, length in 4_usize..=32) {
            for code in generate(count, length, &OsRandom) {
                let typed = PresentedRecovery::parse(&code.expose().to_uppercase()).expect("accepted");
                prop_assert_eq!(typed.expose(), code.expose());
            }
        }
    }
}

//! One-time codes: those we make and those people type.

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::text::{MAX_INPUT_BYTES, pasted};

/// Fewest digits of a code.
pub const MIN_DIGITS: u8 = 6;
/// Most digits of a code.
pub const MAX_DIGITS: u8 = 8;

const MAX_LEN: usize = MAX_DIGITS as usize;

/// Up to eight ASCII digits, padded with zero bytes behind them. Leading zeros are digits like any other (C6).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Digits {
    bytes: [u8; MAX_LEN],
    len: u8,
}

impl Digits {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    fn same(&self, other: &Self) -> subtle::Choice {
        self.bytes.ct_eq(&other.bytes) & self.len.ct_eq(&other.len)
    }
}

/// A code made by this server: an e-mail or SMS code, or a TOTP at some step. Redacted in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct OneTimeCode(Digits);

impl OneTimeCode {
    /// The last `digits` decimal digits of `value`, leading zeros kept. `digits` is held within
    /// [`MIN_DIGITS`]..=[`MAX_DIGITS`].
    pub(crate) fn from_number(value: u64, digits: u8) -> Self {
        let len = digits.clamp(MIN_DIGITS, MAX_DIGITS);
        let mut code = Digits { bytes: [0; MAX_LEN], len };
        let mut rest = value;
        for place in code.bytes[..usize::from(len)].iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(code)
    }

    /// The digits, for the message to the user. Nowhere else.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is the code that was typed; constant time (C22). Codes of different lengths never match.
    pub fn matches(&self, presented: &PresentedCode) -> bool {
        self.0.same(&presented.0).into()
    }
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeCode(..)")
    }
}

/// A code that somebody typed: 6 to 8 ASCII digits. Redacted in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct PresentedCode(Digits);

/// Why a text cannot be a code at all. Such input is a malformed request, not a wrong guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeFormatError {
    /// More than 64 bytes.
    #[error("the code is longer than 64 bytes")]
    TooLong,
    /// Something besides ASCII digits, blanks and hyphens; digits of other scripts count as such.
    #[error("a code consists of the digits 0 to 9; blanks and hyphens between them are ignored")]
    Character,
    /// Fewer than 6 or more than 8 digits.
    #[error("a code has 6 to 8 digits")]
    Length,
}

impl PresentedCode {
    /// Reads a typed or pasted code of at most 64 bytes. Blanks and hyphens within and around it are ignored; then
    /// there must be 6 to 8 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, CodeFormatError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(CodeFormatError::TooLong);
        }
        let mut code = Digits { bytes: [0; MAX_LEN], len: 0 };
        let mut count = 0_u8;
        for c in pasted(text) {
            // Every character is looked at, so that letters are reported as such even behind the eighth digit.
            let digit = u8::try_from(c).ok().filter(u8::is_ascii_digit).ok_or(CodeFormatError::Character)?;
            if let Some(place) = code.bytes.get_mut(usize::from(count)) {
                *place = digit;
            }
            count += 1;
        }
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&count) {
            return Err(CodeFormatError::Length);
        }
        code.len = count;
        Ok(Self(code))
    }

    /// How many digits were typed, 6 to 8.
    pub fn digits(&self) -> u8 {
        self.0.len
    }

    /// The value of the digits; with [`PresentedCode::digits`] it says the whole code.
    pub(crate) fn number(&self) -> u32 {
        self.0.as_str().bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }
}

impl std::fmt::Debug for PresentedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pasted_forms_are_read() {
        for text in [
            "012345",
            " 012 345 ",
            "012-345",
            "012\u{a0}345",
            "\t012345\r\n",
            "0\u{2009}1\u{2011}2\u{2013}3\u{3000}4\t5",
            "01 23 45",
            "\u{2028}012345",
        ] {
            let code = PresentedCode::parse(text).expect("accepted");
            assert!(OneTimeCode::from_number(12_345, 6).matches(&code), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        use CodeFormatError::{Character, Length, TooLong};
        for (text, why) in [
            ("", Length),
            ("   ", Length),
            ("12345", Length),
            ("123456789", Length),
            ("12345a", Character),
            ("123\n456", Character),
            ("123\u{2028}456", Character),
            ("123.456", Character),
            ("+123456", Character),
            ("123456\0", Character),
            ("١٢٣٤٥٦", Character),
            ("１２３４５６", Character),
            ("12345²", Character),
            ("123456789x", Character),
            ("123\u{2212}456", Character),
        ] {
            assert_eq!(PresentedCode::parse(text).err(), Some(why), "{text:?}");
        }
        assert_eq!(PresentedCode::parse(&"1".repeat(65)).err(), Some(TooLong));
        assert_eq!(PresentedCode::parse(&(" ".repeat(59) + "123456")).err(), Some(TooLong));
        PresentedCode::parse(&(" ".repeat(58) + "123456")).expect("64 bytes are accepted");
    }

    #[test]
    fn leading_zeros_and_lengths_count() {
        let six = OneTimeCode::from_number(42, 6);
        assert_eq!(six.expose(), "000042");
        assert_eq!(OneTimeCode::from_number(0, 8).expose(), "00000000");
        assert_eq!(OneTimeCode::from_number(1_234_567_890, 6).expose(), "567890");
        assert!(!six.matches(&PresentedCode::parse("00000042").expect("accepted")));
        assert!(!six.matches(&PresentedCode::parse("000043").expect("accepted")));
        assert_eq!(PresentedCode::parse("00000042").expect("accepted").number(), 42);
    }

    #[test]
    fn debug_shows_nothing() {
        let shown =
            format!("{:?} {:?}", OneTimeCode::from_number(918_273, 6), PresentedCode::parse("918273").expect("code"));
        assert!(!shown.contains("918273") && !shown.contains("57, 49"), "{shown}");
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_code_is_that_code(
            value in 0_u64..100_000_000, digits in 6_u8..=8,
            gaps in proptest::collection::vec(proptest::sample::select(vec!["", " ", "-", "\u{a0}", "\t"]), 8),
        ) {
            let code = OneTimeCode::from_number(value, digits);
            let typed: String = code.expose().chars().zip(gaps).flat_map(|(digit, gap)| std::iter::once(digit).chain(gap.chars())).collect();
            let presented = PresentedCode::parse(&typed).expect("accepted");
            prop_assert!(code.matches(&presented));
            prop_assert_eq!(presented.digits(), digits);
        }

        #[test]
        fn no_input_panics_and_what_is_accepted_is_digits(text in "\\PC{0,24}|[0-9 \\-]{0,12}") {
            if let Ok(code) = PresentedCode::parse(&text) {
                let kept: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(code.0.as_str(), kept);
            }
        }
    }
}

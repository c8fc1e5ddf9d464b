//! E-mail addresses and mobile numbers as panels and users type them, checked before anything is sealed or sent.

use std::fmt;

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, Region};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::delivery::SmsRegion;
use crate::settings::SmsSettings;
use crate::user_id::is_forbidden;

/// Longest address in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;
/// Longest typed number in bytes, blanks and hyphens included; E.164 has at most 15 digits.
const MAX_PHONE_BYTES: usize = 32;
/// Digits behind the calling code that tell a network or area, and nobody's number.
const PREFIX_DIGITS: usize = 3;

/// Why an address or number cannot be used, and what to send instead. Never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Not one local part, one `@` and one domain.
    #[error("not an email address; send one plain address such as name@example.com, without blanks or a display name")]
    EmailShape,
    /// Over the limits of RFC 5321.
    #[error("the email address is too long; send at most 254 bytes, at most 64 of them before the @")]
    EmailTooLong,
    /// Characters before the `@` that mail systems read in different ways, or not at all.
    #[error(
        "the part before the @ may hold ASCII letters, digits and . _ + - ' & = ~ # / only, with no dot at either end or two in a row; send an address of that form"
    )]
    EmailLocalPart,
    /// Not a domain name with at least one dot.
    #[error(
        "the part after the @ is not a domain name; send one such as example.com, with letters, digits, hyphens and dots"
    )]
    EmailDomain,
    /// More than 32 bytes.
    #[error("the phone number is too long; send one number of at most 32 characters")]
    PhoneTooLong,
    /// Letters, an extension, digits of another script, or several numbers.
    #[error(
        "the phone number may hold the digits 0 to 9, blanks and ( ) - . / only, with + in front; send it without letters or an extension"
    )]
    PhoneCharacters,
    /// A national number, and the tenant assumes no country.
    #[error("the phone number has no country; send it in international form, such as +44 7400 123456")]
    PhoneCountryMissing,
    /// No number of that form is in use.
    #[error(
        "there is no such phone number; check the digits and send it in international form, such as +44 7400 123456"
    )]
    PhoneInvalid,
    /// A landline or a service number.
    #[error("the phone number cannot receive SMS; send a mobile number")]
    PhoneNotMobile,
    /// The tenant sends no SMS to that country (C12).
    #[error(
        "SMS are not sent to this country; send a number of a country that the settings allow, or use another method"
    )]
    CountryNotAllowed,
}

/// An e-mail address that is safe in a header and in an SMTP command (C27). The domain is in lower case; an
/// international domain is kept as it was given.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// Reads an address.
    pub fn parse(raw: &str) -> Result<Self, DestinationError> {
        if raw.len() > MAX_EMAIL_BYTES {
            return Err(DestinationError::EmailTooLong);
        }
        if raw.chars().any(|c| is_forbidden(c) || c.is_whitespace()) {
            return Err(DestinationError::EmailShape);
        }
        let (local, domain) = raw.split_once('@').ok_or(DestinationError::EmailShape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(DestinationError::EmailShape);
        }
        if local.len() > MAX_LOCAL_BYTES {
            return Err(DestinationError::EmailTooLong);
        }
        if !is_local_part(local) {
            return Err(DestinationError::EmailLocalPart);
        }
        let domain = domain.to_lowercase();
        if !is_domain(&domain) {
            return Err(DestinationError::EmailDomain);
        }
        let text = format!("{local}@{domain}");
        // Lower-casing can lengthen some letters of other scripts.
        if text.len() > MAX_EMAIL_BYTES {
            return Err(DestinationError::EmailTooLong);
        }
        Ok(Self { text, at: local.len() })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Enough for its owner to know it again: first character of the local part and of the domain, and the last label.
    pub fn masked(&self) -> String {
        let (local, domain) = (&self.text[..self.at], &self.text[self.at + 1..]);
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        let last_label = domain.rsplit('.').next().unwrap_or_default();
        format!("{}***@{}***.{last_label}", first(local), first(domain))
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// Quotes, `%`, `!` and the like are how mail is made to go somewhere else; they are refused.
fn is_local_part(local: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-'&=~#/".contains(&b);
    local.bytes().all(plain) && local.split('.').all(|part| !part.is_empty())
}

fn is_domain(domain: &str) -> bool {
    let is_one_form = domain.is_ascii() || domain.nfkc().eq(domain.chars());
    let labels: Vec<&str> = domain.split('.').collect();
    let has_letters_last = labels.last().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    is_one_form && labels.len() >= 2 && has_letters_last && labels.into_iter().all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_letter_of_another_script(c);
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.chars().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_letter_of_another_script(c: char) -> bool {
    !c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c))
}

/// A number that SMS can be sent to, in E.164 form (C12).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    e164: String,
    /// Bytes of the plus sign and the country calling code.
    prefix_len: usize,
    country: Option<String>,
}

impl PhoneNumber {
    /// Reads a number in international form, or in national form of `default_country` (ISO 3166, such as `GB`).
    pub fn parse(raw: &str, default_country: Option<&str>) -> Result<Self, DestinationError> {
        if raw.len() > MAX_PHONE_BYTES {
            return Err(DestinationError::PhoneTooLong);
        }
        let typed = raw.trim_matches(' ');
        if !has_phone_characters(typed) {
            return Err(DestinationError::PhoneCharacters);
        }
        let region = default_country.and_then(|code| Region::from_code(code).ok());
        if !typed.starts_with('+') && region.is_none() {
            return Err(DestinationError::PhoneCountryMissing);
        }
        let parsed = Parsed::parse(typed, region).map_err(|_| DestinationError::PhoneInvalid)?;
        if !parsed.is_valid() {
            return Err(DestinationError::PhoneInvalid);
        }
        if !may_be_mobile(parsed.get_type()) {
            return Err(DestinationError::PhoneNotMobile);
        }
        let country = parsed.get_region_code().filter(|region| *region != Region::World);
        Ok(Self {
            e164: parsed.format_as(PhoneNumberFormat::E164).into_owned(),
            prefix_len: 1 + parsed.country_code.to_string().len(),
            country: country.map(|region| region.to_string()),
        })
    }

    /// The number as `+` and digits.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The country (ISO 3166), such as `GB`; none for numbers of no country, such as those of satellite networks.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// What the number tells about price and fraud, and not whose it is.
    pub fn region(&self) -> SmsRegion {
        let end = self.e164.len().min(self.prefix_len + PREFIX_DIGITS);
        SmsRegion {
            country: self.country.clone().unwrap_or_else(|| "ZZ".to_owned()),
            prefix: self.e164[..end].to_owned(),
        }
    }

    /// Enough for its owner to know it again: the calling code and the last four digits, two of a short number.
    pub fn masked(&self) -> String {
        let (prefix, rest) = self.e164.split_at(self.prefix_len);
        let shown = if rest.len() > 7 { 4 } else { 2 };
        let hidden = rest.len().saturating_sub(shown);
        format!("{prefix} {}{}", "*".repeat(hidden), &rest[hidden..])
    }

    /// Whether the tenant sends to this number's country: one of the list; without a list the tenant's own, which is the
    /// country it assumes for national numbers. A tenant that names neither has said nothing of where its users are, and
    /// sends everywhere.
    pub fn allowed_by(&self, settings: &SmsSettings) -> Result<(), DestinationError> {
        let allowed = match (&self.country, &settings.default_country) {
            (_, None) if settings.countries.is_empty() => true,
            (Some(country), Some(own)) if settings.countries.is_empty() => country == own,
            (Some(country), _) => settings.countries.contains(country),
            (None, _) => false,
        };
        if allowed { Ok(()) } else { Err(DestinationError::CountryNotAllowed) }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

/// Checked before the number library sees it: it would turn letters and the digits of other scripts into digits.
fn has_phone_characters(typed: &str) -> bool {
    let rest = typed.strip_prefix('+').unwrap_or(typed);
    let plain = |b: u8| b.is_ascii_digit() || b" ()-./".contains(&b);
    rest.bytes().any(|b| b.is_ascii_digit()) && rest.bytes().all(plain)
}

fn may_be_mobile(kind: PhoneNumberType) -> bool {
    match kind {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile | PhoneNumberType::Unknown => true,
        PhoneNumberType::FixedLine
        | PhoneNumberType::TollFree
        | PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::VoIP
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail => false,
    }
}

#[cfg(test)]
mod tests;

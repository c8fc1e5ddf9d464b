use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn plain_addresses_are_kept_and_only_the_domain_is_folded() {
    for (raw, kept) in [
        ("jane@example.com", "jane@example.com"),
        ("Jane.Doe+2fa@Example.COM", "Jane.Doe+2fa@example.com"),
        ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
        ("a@BÜCHER.example", "a@bücher.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@परीक्षा.भारत", "a@परीक्षा.भारत"),
    ] {
        assert_eq!(EmailAddress::parse(raw).expect(raw).as_str(), kept);
    }
}

#[test]
fn c27_addresses_that_could_break_a_header_or_a_command_are_refused() {
    use DestinationError::{EmailDomain, EmailLocalPart, EmailShape};
    for (raw, error) in [
        ("", EmailShape),
        ("jane", EmailShape),
        ("@example.com", EmailShape),
        ("jane@", EmailShape),
        ("jane@a@example.com", EmailShape),
        ("jane doe@example.com", EmailShape),
        ("jane@example.com\r\nBcc: x@y.zz", EmailShape),
        ("jane\n@example.com", EmailShape),
        ("jane\0@example.com", EmailShape),
        ("jane\u{2028}@example.com", EmailShape),
        ("jane\u{202E}@example.com", EmailShape),
        ("\"jane\"@example.com", EmailLocalPart),
        ("<jane@example.com", EmailLocalPart),
        ("jane,joe@example.com", EmailLocalPart),
        ("jane%evil.com@example.com", EmailLocalPart),
        ("evil!jane@example.com", EmailLocalPart),
        ("jane;@example.com", EmailLocalPart),
        ("jäne@example.com", EmailLocalPart),
        (".jane@example.com", EmailLocalPart),
        ("jane.@example.com", EmailLocalPart),
        ("ja..ne@example.com", EmailLocalPart),
        ("jane@example", EmailDomain),
        ("jane@.com", EmailDomain),
        ("jane@example.com.", EmailDomain),
        ("jane@ex_ample.com", EmailDomain),
        ("jane@-example.com", EmailDomain),
        ("jane@example-.com", EmailDomain),
        ("jane@example.com>", EmailDomain),
        ("jane@[127.0.0.1]", EmailDomain),
        ("jane@127.0.0.1", EmailDomain),
        ("jane@ｅxample.com", EmailDomain),
        ("jane@example。com", EmailDomain),
        ("jane@exam%70le.com", EmailDomain),
    ] {
        assert_eq!(EmailAddress::parse(raw).map(|_| ()), Err(error), "{raw:?}");
    }
}

#[test]
fn addresses_have_bounds() {
    let label = "d".repeat(63);
    let longest = format!("{}@{label}.{label}.{}", "l".repeat(64), "d".repeat(61));
    assert_eq!(longest.len(), 254);
    assert!(EmailAddress::parse(&longest).is_ok());
    assert_eq!(EmailAddress::parse(&format!("{longest}d")).map(|_| ()), Err(DestinationError::EmailTooLong));
    let local = format!("{}@example.com", "l".repeat(65));
    assert_eq!(EmailAddress::parse(&local).map(|_| ()), Err(DestinationError::EmailTooLong));
    let label = format!("l@{}.com", "d".repeat(64));
    assert_eq!(EmailAddress::parse(&label).map(|_| ()), Err(DestinationError::EmailDomain));
}

#[test]
fn masks_show_little_and_debug_nothing() {
    for (raw, masked) in [
        ("jane@example.com", "j***@e***.com"),
        ("j@e.de", "j***@e***.de"),
        ("jane.doe@mail.example.co.uk", "j***@m***.uk"),
        ("a@über.example", "a***@ü***.example"),
    ] {
        let address = EmailAddress::parse(raw).expect(raw);
        assert_eq!(address.masked(), masked);
        assert_eq!(format!("{address:?}"), "EmailAddress(..)");
    }
    for (raw, masked) in
        [("+447400123456", "+44 ******3456"), ("+12015550123", "+1 ******0123"), ("+4915123456789", "+49 *******6789")]
    {
        let number = PhoneNumber::parse(raw, None).expect(raw);
        assert_eq!(number.masked(), masked);
        assert_eq!(format!("{number:?}"), "PhoneNumber(..)");
    }
}

#[test]
fn c12_numbers_become_e164() {
    for (raw, default, e164, country) in [
        ("+44 7400 123456", None, "+447400123456", "GB"),
        (" +44 (0) 7400-123456 ", None, "+447400123456", "GB"),
        ("07400 123456", Some("GB"), "+447400123456", "GB"),
        ("0044 7400 123456", Some("DE"), "+447400123456", "GB"),
        ("0151/23456789", Some("DE"), "+4915123456789", "DE"),
        ("+1 (201) 555-0123", Some("GB"), "+12015550123", "US"),
        ("+39 312 345 6789", None, "+393123456789", "IT"),
        ("012-345 6789", Some("MY"), "+60123456789", "MY"),
    ] {
        let number = PhoneNumber::parse(raw, default).expect(raw);
        assert_eq!((number.e164(), number.country()), (e164, Some(country)), "{raw:?}");
    }
}

#[test]
fn c12_numbers_that_cannot_get_an_sms_are_refused() {
    use DestinationError::{PhoneCharacters, PhoneCountryMissing, PhoneInvalid, PhoneNotMobile, PhoneTooLong};
    for (raw, default, error) in [
        ("", None, PhoneCharacters),
        ("+", None, PhoneCharacters),
        ("++447400123456", None, PhoneCharacters),
        ("+44 7400 123456 ext. 7", None, PhoneCharacters),
        ("+44 7400 123456;ext=7", None, PhoneCharacters),
        ("+44 7400 123456x7", None, PhoneCharacters),
        ("+44 7400 123456#7", None, PhoneCharacters),
        ("+1 800 FLOWERS", None, PhoneCharacters),
        ("tel:+447400123456", None, PhoneCharacters),
        ("+٤٤٧٤٠٠١٢٣٤٥٦", None, PhoneCharacters),
        ("＋447400123456", None, PhoneCharacters),
        ("+447400123456\r\n", None, PhoneCharacters),
        ("+447400123456,+447400123457", None, PhoneCharacters),
        ("+44 7400 123456                  ", None, PhoneTooLong),
        ("07400 123456", None, PhoneCountryMissing),
        ("07400 123456", Some("zzz"), PhoneCountryMissing),
        ("+44 7400", None, PhoneInvalid),
        ("+999 7400123456", None, PhoneInvalid),
        ("112", Some("DE"), PhoneInvalid),
        ("+44 20 7946 0958", None, PhoneNotMobile),
        ("+49 30 123456", None, PhoneNotMobile),
        ("+1 800 253 0000", None, PhoneNotMobile),
        ("+44 900 123 4567", None, PhoneInvalid),
    ] {
        let found = PhoneNumber::parse(raw, default).map(|n| n.e164().to_owned());
        if error == PhoneInvalid {
            // Which of the two depends on the numbering plan of the day.
            assert!(matches!(found, Err(PhoneInvalid | PhoneNotMobile)), "{raw:?} {found:?}");
        } else {
            assert_eq!(found, Err(error), "{raw:?}");
        }
    }
}

#[test]
fn c12_only_countries_of_the_allow_list() {
    let number = PhoneNumber::parse("+447400123456", None).expect("valid");
    let allow = |codes: &[&str]| SmsSettings {
        countries: codes.iter().map(|c| (*c).to_owned()).collect::<BTreeSet<_>>(),
        ..SmsSettings::default()
    };
    assert_eq!(number.allowed_by(&allow(&[])), Ok(()));
    assert_eq!(number.allowed_by(&allow(&["DE", "GB"])), Ok(()));
    assert_eq!(number.allowed_by(&allow(&["DE"])), Err(DestinationError::CountryNotAllowed));
    // Without a list, the tenant's own country and no other.
    let own = |code: &str| SmsSettings { default_country: Some(code.to_owned()), ..SmsSettings::default() };
    assert_eq!(number.allowed_by(&own("GB")), Ok(()));
    assert_eq!(number.allowed_by(&own("DE")), Err(DestinationError::CountryNotAllowed));
    let both = SmsSettings { default_country: Some("DE".to_owned()), ..allow(&["GB"]) };
    assert_eq!(number.allowed_by(&both), Ok(()));
    let satellite = PhoneNumber::parse("+881612345678", None).expect("valid");
    assert_eq!(satellite.country(), None);
    assert_eq!(satellite.allowed_by(&allow(&[])), Ok(()));
    assert_eq!(satellite.allowed_by(&own("GB")), Err(DestinationError::CountryNotAllowed));
}

proptest! {
    #[test]
    fn anything_accepted_is_one_line_of_bounded_printable_text(raw in "\\PC{0,20}@\\PC{0,20}\\.[a-z]{1,5}") {
        if let Ok(address) = EmailAddress::parse(&raw) {
            prop_assert!(address.as_str().len() <= 254);
            prop_assert!(!address.as_str().chars().any(|c| is_forbidden(c) || c.is_whitespace() || "\"<>,;%".contains(c)));
            prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
        }
    }

    #[test]
    fn anything_accepted_is_e164(raw in "[+0-9 ()./x-]{0,34}", default in proptest::option::of("[A-Z]{2}")) {
        if let Ok(number) = PhoneNumber::parse(&raw, default.as_deref()) {
            let digits = number.e164().strip_prefix('+').expect("plus");
            prop_assert!((3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(PhoneNumber::parse(number.e164(), None), Ok(number.clone()));
        }
    }
}

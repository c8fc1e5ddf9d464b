//! The `otpauth://` URI that a QR code carries (the Key URI format of the authenticator apps).

use twofold_domain::TotpParams;
use zeroize::Zeroizing;

/// Most characters taken of an issuer and of a label; what is longer is cut, so that the QR code stays readable.
const MAX_NAME_CHARS: usize = 64;

/// Builds `otpauth://totp/issuer:label?secret=…&issuer=…&algorithm=…&digits=…&period=…`.
///
/// Everything outside the unreserved characters of RFC 3986 is percent-encoded. A colon within issuer or label, which
/// the format forbids, becomes a hyphen; control characters and invisible direction marks are dropped; both are cut
/// at 64 characters. Without an issuer its prefix and parameter are left out; an empty label becomes `account`.
pub fn otpauth_uri(issuer: &str, account_label: &str, secret: &[u8], params: &TotpParams) -> Zeroizing<String> {
    let issuer = clean(issuer);
    let label = clean(account_label);
    // Room for three bytes of every byte of two names of four-byte characters: no growth leaves a copy behind.
    let mut uri = Zeroizing::new(String::with_capacity(512 + 3 * (2 * issuer.len() + label.len()) + 2 * secret.len()));
    uri.push_str("otpauth://totp/");
    if !issuer.is_empty() {
        push_encoded(&mut uri, &issuer);
        uri.push(':');
    }
    push_encoded(&mut uri, if label.is_empty() { "account" } else { &label });
    uri.push_str("?secret=");
    uri.push_str(&super::base32(secret));
    if !issuer.is_empty() {
        uri.push_str("&issuer=");
        push_encoded(&mut uri, &issuer);
    }
    uri.push_str("&algorithm=");
    uri.push_str(params.algorithm.name());
    uri.push_str("&digits=");
    uri.push_str(&params.digits.to_string());
    uri.push_str("&period=");
    uri.push_str(&params.period_secs.to_string());
    uri
}

fn clean(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| !is_unprintable(*c))
        .map(|c| if c == ':' { '-' } else { c })
        .take(MAX_NAME_CHARS)
        .collect();
    kept.trim().to_owned()
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn push_encoded(uri: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use twofold_domain::Algorithm;

    use super::*;

    const SECRET: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn the_usual_case() {
        assert_eq!(
            *otpauth_uri("HOSTKEY", "jose@example.com", SECRET, &TotpParams::default()),
            "otpauth://totp/HOSTKEY:jose%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=HOSTKEY\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn names_cannot_break_out() {
        let params = TotpParams { digits: 8, period_secs: 60, skew_steps: 1, algorithm: Algorithm::Sha512 };
        let uri = otpauth_uri("A:B & C\r\n", "x:y?secret=AAAA#\u{202e}é", SECRET, &params);
        assert_eq!(
            *uri,
            "otpauth://totp/A-B%20%26%20C:x-y%3Fsecret%3DAAAA%23%C3%A9?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=A-B%20%26%20C&algorithm=SHA512&digits=8&period=60"
        );
        assert!(otpauth_uri("", "\n", SECRET, &params).starts_with("otpauth://totp/account?secret="));
    }

    proptest! {
        #[test]
        fn an_authenticator_reads_back_what_was_meant(issuer in "[^\\pC:]{1,70}", label in "\\PC{0,70}") {
            let uri = otpauth_uri(&issuer, &label, SECRET, &TotpParams::default());
            let read = totp_rs::Totp::from_url(&*uri).expect("a valid URI");
            prop_assert_eq!(read.secret().as_bytes(), SECRET);
            let (issuer, label) = (clean(&issuer), clean(&label));
            prop_assert_eq!(read.issuer().unwrap_or_default(), issuer);
            prop_assert_eq!(read.account_name(), if label.is_empty() { "account" } else { &label });
        }
    }
}

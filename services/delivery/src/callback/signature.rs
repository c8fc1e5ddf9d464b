//! `X-Twilio-Signature`: HMAC-SHA-1 under the account's token over the URL and, of a form, its fields.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use twofold_crypto::constant_time_eq;

use super::fields::Fields;

/// In the query of a callback whose body is no form: the body's SHA-256 in hexadecimal.
const BODY_HASH: &str = "bodySHA256";

/// The fields of a body, if the signature is one that the token's owner made over this URL and body. The URL counts with
/// and without the default port of its scheme: which of the two was signed depends on how the address was given.
pub(super) fn verified(token: &SecretString, url: &str, signature: &str, body: &[u8]) -> Option<Fields> {
    let (signed, fields) = match body_hash(url) {
        // The URL vouches for the body.
        Some(told) => {
            let hash = HEXLOWER.encode(&Sha256::digest(body));
            if !constant_time_eq(hash.as_bytes(), told.to_ascii_lowercase().as_bytes()) {
                return None;
            }
            (Fields::default(), Fields::of_json(body)?)
        }
        None => (Fields::of_form(body)?, Fields::default()),
    };
    let matches = |url: &str| constant_time_eq(sign(token, url, &signed).as_bytes(), signature.as_bytes());
    let other = with_other_port(url);
    let genuine = matches(url) | other.as_deref().is_some_and(matches);
    let fields = if fields.0.is_empty() { signed } else { fields };
    genuine.then_some(fields)
}

/// What the token's owner would sign.
fn sign(token: &SecretString, url: &str, fields: &Fields) -> String {
    // Any length is a key.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()) else { return String::new() };
    mac.update(url.as_bytes());
    for (name, value) in &fields.0 {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64.encode(&mac.finalize().into_bytes())
}

fn body_hash(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == BODY_HASH).map(|(_, value)| value.into_owned())
}

/// The same URL with its scheme's default port taken away, or put in.
fn with_other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once(':') {
        Some((host, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            (&port[1..] == digits).then(|| format!("{scheme}://{host}{path}"))
        }
        Some(_) | None => Some(format!("{scheme}://{authority}{port}{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of Twilio's own documentation and of the tests of its libraries.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const FORM: &[u8] =
        b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
    const FORM_SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;
    const JSON_HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    const JSON_SIGNATURE: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";

    fn is_genuine(url: &str, signature: &str, body: &[u8]) -> bool {
        verified(&"12345".into(), url, signature, body).is_some()
    }

    #[test]
    fn the_published_examples_hold_and_nothing_near_them_does() {
        assert!(is_genuine(URL, FORM_SIGNATURE, FORM));
        let reordered =
            b"To=%2B18005551212&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&CallSid=CA1234567890ABCDE";
        assert!(is_genuine(URL, FORM_SIGNATURE, reordered));
        assert!(verified(&"12346".into(), URL, FORM_SIGNATURE, FORM).is_none());
        for url in ["http://mycompany.com/myapp.php?foo=1&bar=2", "https://mycompany.com/myapp.php?foo=1", ""] {
            assert!(!is_genuine(url, FORM_SIGNATURE, FORM), "{url}");
        }
        for signature in
            ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "rsoydt4t1cutdk1pdd93/vvr8b8=", "RSOYDt4T1cUTdK1PDd93/VVr8B8"]
        {
            assert!(!is_genuine(URL, signature, FORM), "{signature}");
        }
        let mut changed = FORM.to_vec();
        changed.push(b'1');
        assert!(!is_genuine(URL, FORM_SIGNATURE, &changed));
    }

    #[test]
    fn a_body_that_is_no_form_is_vouched_for_by_the_url() {
        let url = format!("{URL}&bodySHA256={JSON_HASH}");
        let fields = verified(&"12345".into(), &url, JSON_SIGNATURE, JSON).expect("genuine");
        assert_eq!((fields.one("property"), fields.one("boolean")), (Some("value"), Some("true")));
        assert!(!is_genuine(&url, JSON_SIGNATURE, br#"{"property": "other", "boolean": true}"#));
        assert!(!is_genuine(URL, JSON_SIGNATURE, JSON));
    }

    #[test]
    fn the_default_port_may_be_there_or_not_and_no_other_may() {
        for (url, other) in [
            ("https://h.example/a", Some("https://h.example:443/a")),
            ("https://h.example:443/a?b=c:1", Some("https://h.example/a?b=c:1")),
            ("http://h.example?a", Some("http://h.example:80?a")),
            ("https://h.example:8443/a", None),
            ("https://[::1]/a", Some("https://[::1]:443/a")),
            ("ftp://h.example/a", None),
            ("h.example", None),
        ] {
            assert_eq!(with_other_port(url).as_deref(), other, "{url}");
        }
        assert!(is_genuine("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM_SIGNATURE, FORM));
    }
}

//! The code in a message.

use data_encoding::BASE64;

/// The six digits in a mail, whose parts may be encoded.
pub fn code_in_mail(text: &str) -> Option<String> {
    // A boundary with a part's headers is no text: it may hold six digits by chance.
    let mut texts = text.split("\r\n\r\n").skip(1).filter(|part| !part.starts_with("--"));
    texts.find_map(|part| {
        let body = part.split("\r\n--").next().unwrap_or_default();
        let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let decoded = BASE64.decode(packed.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        six_digits(&decoded.unwrap_or_else(|| body.to_owned()))
    })
}

/// The first run of exactly six digits.
pub fn six_digits(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_plain_and_in_encoded_mails() {
        assert_eq!(code_in_mail("Subject: 123456\r\n\r\nYour code: 654321.\r\n"), Some("654321".to_owned()));
        let encoded = BASE64.encode("Ihr Code für heute: 654321".as_bytes());
        let mail =
            format!("A: b\r\n\r\n--x123456y\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--x123456y--\r\n");
        assert_eq!(code_in_mail(&mail), Some("654321".to_owned()));
        assert_eq!(code_in_mail("A: b\r\n\r\n12345 and 1234567\r\n"), None);
    }
}

//! Codes that arrived by e-mail.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::BASE64;
use parking_lot::Mutex;
use twofold_test_support::{ReceivedMail, SmtpSink};

/// How often the mail server's folder is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// By address: codes in the order in which they arrived.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<HashMap<String, Vec<String>>>);

impl Mailbox {
    /// Looks at what the mail server has, until told to stop.
    pub fn open(sink: &Arc<SmtpSink>, stop: &Arc<AtomicBool>) -> Arc<Self> {
        let mailbox = Arc::new(Self::default());
        let (sink, stop, filled) = (Arc::clone(sink), Arc::clone(stop), Arc::clone(&mailbox));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                if let Ok(mails) = tokio::task::block_in_place(|| sink.messages()) {
                    *filled.0.lock() = sort(&mails);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        mailbox
    }

    /// How many came to an address.
    pub fn count(&self, address: &str) -> usize {
        self.0.lock().get(address).map_or(0, Vec::len)
    }

    /// The newest code for an address, if more than `seen` came; waits for it.
    pub async fn newest(&self, address: &str, seen: usize, limit: Duration) -> Option<String> {
        let until = tokio::time::Instant::now() + limit;
        loop {
            if let Some(codes) = self.0.lock().get(address).filter(|codes| codes.len() > seen) {
                return codes.last().cloned();
            }
            if tokio::time::Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(LOOK / 4).await;
        }
    }
}

fn sort(mails: &[ReceivedMail]) -> HashMap<String, Vec<String>> {
    let mut sorted: HashMap<String, Vec<String>> = HashMap::new();
    for mail in mails {
        let code = code_in(&mail.text()).unwrap_or_default();
        for address in &mail.rcpt_tos {
            sorted.entry(address.clone()).or_default().push(code.clone());
        }
    }
    sorted
}

/// The six digits in a mail, whose parts may be encoded.
fn code_in(text: &str) -> Option<String> {
    text.split("\r\n\r\n").skip(1).find_map(|part| {
        let body = part.split("\r\n--").next().unwrap_or_default();
        let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let decoded = BASE64.decode(packed.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        six_digits(&decoded.unwrap_or_else(|| body.to_owned()))
    })
}

fn six_digits(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_plain_and_in_encoded_mails() {
        assert_eq!(code_in("Subject: 123456\r\n\r\nYour code: 654321.\r\n"), Some("654321".to_owned()));
        let encoded = BASE64.encode("Ihr Code für heute: 654321".as_bytes());
        let mail = format!("A: b\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--x--\r\n");
        assert_eq!(code_in(&mail), Some("654321".to_owned()));
        assert_eq!(code_in("A: b\r\n\r\n12345 and 1234567\r\n"), None);
    }
}

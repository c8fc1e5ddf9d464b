//! Codes that arrived by e-mail.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use twofold_test_support::{ReceivedMail, SmtpSink};

use crate::codes::code_in_mail;

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
        let code = code_in_mail(&mail.text()).unwrap_or_default();
        for address in &mail.rcpt_tos {
            sorted.entry(address.clone()).or_default().push(code.clone());
        }
    }
    sorted
}

//! Codes, addresses, numbers and credentials in the ledger and in the logs, at the most talkative level (C29).

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use twofold_domain::{Method, Mode};
use twofold_event_log::{Category, Seq};
use twofold_test_support::{SinkOptions, SmtpSink, Stage, TwilioAccount, TwilioStub, twilio_error};

use super::house::{ACCOUNT_SID, House, sms_operator, until};
use super::panel::{NUMBER, Panel, code_in};

const TOKEN: &str = "canary-token-5171";

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_in_the_ledger_or_the_logs() {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();

    let sink = SmtpSink::start(&SinkOptions::default()).expect("sink");
    let account =
        TwilioAccount { account_sid: ACCOUNT_SID.to_owned(), user: ACCOUNT_SID.to_owned(), password: TOKEN.to_owned() };
    let stub = TwilioStub::start(account).await.expect("stub");
    let mut house = House::with_mail(&sink);
    house.operator.sms = sms_operator(&stub.url(), TOKEN).sms;
    let panel = Panel::with(&house.engine().await, "acme", json!({}), Mode::Live).await;
    let _worker = house.worker().await;

    // Each channel fails with a text that repeats what was sent, then takes it.
    sink.behave(&[(Stage::Rcpt, "450 4.2.1 <ada@example.net> is busy")]).expect("told");
    panel.register("ada", "ada@example.net", NUMBER).await;
    let by_mail = panel.enrol("ada", Method::Email).await;
    until("one failure", async || !house.ledger(0).await.is_empty()).await;
    sink.behave(&[]).expect("told");
    house.end(0).await;
    let code = code_in(&sink.messages().expect("messages")[0]);
    assert!(panel.confirm("ada", &by_mail, &code).await);
    stub.plan(twilio_error(400, 21211, &format!("{NUMBER} is not a number, said ada@example.net")));
    panel.enrol("ada", Method::Sms).await;
    house.end(2).await;
    house.clock.advance_secs(31);
    panel.login("ada", Method::Email).await;
    house.end(3).await;
    let second = code_in(&sink.messages().expect("messages").into_iter().last().expect("a mail"));

    let entries = house.log.read_category(Category::Ledger, Seq::ZERO, 1000).await.expect("ledger");
    assert!(entries.len() >= 5);
    let ledger: String = entries.iter().map(|stored| String::from_utf8_lossy(&stored.payload).into_owned()).collect();
    let log = String::from_utf8_lossy(&kept.0.lock().expect("lock")).into_owned();
    assert!(log.contains("an attempt failed") && log.contains("a message came to its end"), "the worker was heard");
    let digits = NUMBER.trim_start_matches('+');
    for secret in [&code, &second, "ada@", "example.net", digits, TOKEN] {
        assert!(!log.contains(secret), "{secret} in the logs");
    }
    // Six digits in a row may stand in a hash by chance, not as a value.
    for secret in [&format!("\"{code}\""), &format!(" {code}"), "ada@", "example.net", digits, TOKEN] {
        assert!(!ledger.contains(secret), "{secret} in the ledger");
    }
}

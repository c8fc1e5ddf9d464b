//! Credentials, codes, addresses and numbers in the logs of everything that sends, at the most talkative level (C29).

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use common::{ADDRESS, CODE, NUMBER, PASSWORD, around, email_channel, mail, sms, sms_channel};
use serde_json::json;
use twofold_delivery::transport::{SmsTransport, SmtpSender};
use twofold_test_support::{HttpStub, Reaction, SinkOptions, SinkTls, SmtpSink};

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
async fn nothing_that_sends_logs_what_it_sends() {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    tracing::trace!("the test listens");

    let auth = Some(("twofold".to_owned(), PASSWORD.to_owned()));
    let sink = SmtpSink::start(&SinkOptions { tls: SinkTls::Starttls, auth, ..SinkOptions::default() }).expect("sink");
    let channel =
        email_channel("localhost", sink.port(), "starttls", &json!({ "username": "twofold", "password": PASSWORD }));
    let near = around(&[format!("localhost:{}", sink.port())], &[sink.root_der()]);
    SmtpSender::new(&channel, &near).expect("channel").send(&mail()).await.expect("accepted");

    let stub = HttpStub::start(|_| Reaction::status(200)).await.expect("stub");
    let http = json!({
        "url": stub.url(), "format": "json", "headers": { "X-Api-Key": PASSWORD },
        "body": "{\"to\": {{ to }}, \"text\": {{ body }}}",
    });
    let twilio = json!({
        "base_url": stub.url(), "account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": PASSWORD, "from": "12345",
    });
    let begun = std::sync::atomic::AtomicBool::new(false);
    for channel in [json!({ "provider": "http", "http": http }), json!({ "provider": "twilio", "twilio": twilio })] {
        let near = around(&[format!("127.0.0.1:{}", stub.port())], &[]);
        SmsTransport::new(&sms_channel(channel), &near).expect("channel").send(&sms(), &begun).await.expect("accepted");
    }

    let log = String::from_utf8_lossy(&kept.0.lock().expect("lock")).into_owned();
    assert!(log.contains("the test listens") && log.lines().count() > 5, "the libraries were heard: {log}");
    for secret in [CODE, PASSWORD, ADDRESS, NUMBER] {
        assert!(!log.contains(secret), "{secret}");
    }
}

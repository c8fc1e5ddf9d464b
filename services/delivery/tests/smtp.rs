//! Mail through a real server.

mod common;

use std::time::Duration;

use common::{ADDRESS, CODE, PASSWORD, around, email_channel, mail, text_of};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use twofold_delivery::transport::{SendError, SmtpSender, Surroundings};
use twofold_domain::Timestamp;
use twofold_test_support::{SinkOptions, SinkTls, SmtpSink, Stage};

const SOON: Duration = Duration::from_secs(5);

fn sink(options: &SinkOptions) -> SmtpSink {
    SmtpSink::start(options).expect("the sink starts")
}

fn near(sink: &SmtpSink) -> Surroundings {
    around(&[format!("localhost:{}", sink.port())], &[sink.root_der()])
}

fn sender(sink: &SmtpSink, tls: &str, extra: &Value) -> SmtpSender {
    SmtpSender::new(&email_channel("localhost", sink.port(), tls, extra), &near(sink)).expect("a good channel")
}

fn login() -> Value {
    json!({ "username": "twofold", "password": PASSWORD })
}

fn with_auth(tls: SinkTls) -> SinkOptions {
    SinkOptions { tls, auth: Some(("twofold".to_owned(), PASSWORD.to_owned())), ..SinkOptions::default() }
}

#[tokio::test]
async fn mail_arrives_as_it_was_composed() {
    let sink = sink(&SinkOptions::default());
    let accepted = sender(&sink, "none", &json!({})).send(&mail()).await.expect("accepted");
    assert_eq!(accepted.provider_id.as_deref(), Some("Q000001"));
    let got = sink.wait_for(1, SOON).await.expect("one message");
    let (first, text) = (&got[0], got[0].text());
    assert_eq!((first.mail_from.as_str(), first.rcpt_tos.as_slice()), ("codes@example.org", &[ADDRESS.to_owned()][..]));
    assert_eq!((first.hello.as_str(), first.tls, first.options.len()), ("twofold.example", false, 0));
    let mut names: Vec<String> = first.headers().into_iter().map(|(n, _)| n).collect();
    names.sort();
    let wanted = [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "Expires",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
        "X-Auto-Response-Suppress",
    ];
    assert_eq!(names, wanted);
    assert!(text.contains("multipart/alternative") && text.contains("text/plain") && text.contains("text/html"));
    assert_eq!(text.matches(CODE).count(), 2);
}

#[tokio::test]
async fn every_protected_way_in_works_and_none_is_skipped() {
    for (mode, word) in [(SinkTls::Starttls, "starttls"), (SinkTls::Implicit, "tls")] {
        let sink = sink(&with_auth(mode));
        sender(&sink, word, &login()).send(&mail()).await.expect(word);
        let got = sink.wait_for(1, SOON).await.expect("one message");
        assert!(got[0].tls && got[0].login.as_deref() == Some("twofold"), "{word}");

        let wrong = json!({ "username": "twofold", "password": "wrong" });
        let error = sender(&sink, word, &wrong).send(&mail()).await.expect_err("wrong password");
        assert_eq!(text_of(&error), "misconfigured: credentials_refused (535 5.7.8)");
        let error = sender(&sink, word, &json!({})).send(&mail()).await.expect_err("no password");
        assert_eq!(text_of(&error), "misconfigured: credentials_refused (530 5.7.0)");

        // A server nobody vouches for.
        let strangers = around(&[format!("localhost:{}", sink.port())], &[]);
        let channel = email_channel("localhost", sink.port(), word, &login());
        let error = SmtpSender::new(&channel, &strangers).expect("channel").send(&mail()).await.expect_err("untrusted");
        assert_eq!(text_of(&error), "misconfigured: tls_failed");
        assert_eq!(sink.messages().expect("messages").len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let sink = sink(&SinkOptions { tls: SinkTls::Implicit, names: vec!["mail.example.org"], ..SinkOptions::default() });
    let error = sender(&sink, "tls", &json!({})).send(&mail()).await.expect_err("wrong name");
    assert_eq!(text_of(&error), "misconfigured: tls_failed");
}

#[tokio::test]
async fn starttls_is_never_given_up() {
    let plain = sink(&SinkOptions::default());
    let error = sender(&plain, "starttls", &login()).send(&mail()).await.expect_err("no STARTTLS there");
    assert_eq!(text_of(&error), "misconfigured: starttls_not_offered");
    assert!(plain.messages().expect("messages").is_empty());
}

#[tokio::test]
async fn a_password_may_travel_in_clear_on_this_machine_only() {
    let sink = sink(&with_auth(SinkTls::Plain));
    sender(&sink, "none", &login()).send(&mail()).await.expect("loopback");
    assert_eq!(sink.wait_for(1, SOON).await.expect("one")[0].login.as_deref(), Some("twofold"));
    let channel = email_channel("mail.example.org", 25, "none", &login());
    let errors = SmtpSender::new(&channel, &around(&[], &[])).expect_err("elsewhere");
    assert_eq!(errors.0[0].field, "tls");
}

#[tokio::test]
async fn replies_are_classified_and_the_connection_is_used_again() {
    let sink = sink(&SinkOptions::default());
    let sender = sender(&sink, "none", &json!({}));
    let table = [
        (Stage::Mail, "451 4.3.0 ada@example.net 730415 later", "temporary: sender_deferred (451 4.3.0)"),
        (Stage::Mail, "553 5.7.1 not yours", "misconfigured: sender_refused (553 5.7.1)"),
        (Stage::Rcpt, "450 4.2.1 mailbox busy", "temporary: recipient_deferred (450 4.2.1)"),
        (Stage::Rcpt, "550 5.1.1 <ada@example.net> unknown", "permanent: recipient_refused (550 5.1.1)"),
        (Stage::Rcpt, "550 ada@example.net", "permanent: recipient_refused (550)"),
        (Stage::DataCommand, "452 4.3.1 full", "temporary: message_deferred (452 4.3.1)"),
        (Stage::Data, "452 4.3.1 full", "temporary: message_deferred (452 4.3.1)"),
        (Stage::Data, "554 5.7.1 spam 730415", "permanent: message_refused (554 5.7.1)"),
        (Stage::Data, "421 4.3.2 going down", "temporary: message_deferred (421 4.3.2)"),
    ];
    for (stage, reply, wanted) in table {
        sink.behave(&[(stage, reply)]).expect("told");
        let error = sender.send(&mail()).await.expect_err(wanted);
        assert_eq!(text_of(&error), wanted);
    }
    assert!(sink.messages().expect("messages").is_empty());
    sink.behave(&[]).expect("told");
    for _ in 0..3 {
        sender.send(&mail()).await.expect("accepted");
    }
    let ports: Vec<u16> = sink.wait_for(3, SOON).await.expect("three").iter().map(|m| m.peer_port).collect();
    assert!(ports.iter().all(|p| *p == ports[0]), "{ports:?}");
}

#[tokio::test]
async fn a_break_before_the_message_is_temporary_and_after_it_unknown() {
    let sink = sink(&SinkOptions::default());
    for (stage, wanted, kept) in [
        (Stage::Mail, "temporary: no_usable_reply", 0),
        (Stage::Rcpt, "temporary: no_usable_reply", 0),
        (Stage::DataCommand, "temporary: no_usable_reply", 0),
        (Stage::Data, "unknown: cut_after_data", 1),
    ] {
        sink.behave(&[(stage, "cut")]).expect("told");
        let error = sender(&sink, "none", &json!({})).send(&mail()).await.expect_err(wanted);
        assert_eq!(text_of(&error), wanted, "{stage:?}");
        assert_eq!(sink.messages().expect("messages").len(), kept, "{stage:?}");
    }
}

#[tokio::test]
async fn a_hanging_server_costs_no_more_than_the_limit() {
    let sink = sink(&SinkOptions::default());
    for (stage, wanted) in [(Stage::Rcpt, "temporary: timeout"), (Stage::Data, "unknown: timeout_after_data")] {
        sink.behave(&[(stage, "hang")]).expect("told");
        let sender = sender(&sink, "none", &json!({ "timeout_ms": 700 }));
        let error = tokio::time::timeout(Duration::from_secs(3), sender.send(&mail())).await.expect("in time");
        assert_eq!(text_of(&error.expect_err("hangs")), wanted);
    }
    // Nor beyond the message's life, whatever the limit.
    sink.behave(&[(Stage::Rcpt, "hang")]).expect("told");
    let mut late = mail();
    late.expires_at = Some(Timestamp(late.sent_at.as_millis() + 700));
    let sender = sender(&sink, "none", &json!({ "timeout_ms": 30_000 }));
    let error = tokio::time::timeout(Duration::from_secs(10), sender.send(&late)).await.expect("in time");
    assert_eq!(text_of(&error.expect_err("hangs")), "temporary: timeout");
    // Accepts and never greets, in clear, before STARTTLS and before the handshake.
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = mute.local_addr().expect("address").port();
    for tls in ["none", "starttls", "tls"] {
        let channel = email_channel("127.0.0.1", port, tls, &json!({ "timeout_ms": 300 }));
        let sender = SmtpSender::new(&channel, &around(&[format!("127.0.0.1:{port}")], &[])).expect("channel");
        let error = tokio::time::timeout(Duration::from_secs(3), sender.send(&mail())).await.expect("in time");
        assert_eq!(text_of(&error.expect_err("mute")), "temporary: timeout");
    }
}

/// Speaks a script: for every line sent, waits for anything first.
async fn scripted(lines: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = listener.local_addr().expect("address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            for (n, line) in lines.iter().enumerate() {
                let mut heard = [0; 4096];
                if n > 0 && stream.read(&mut heard).await.unwrap_or(0) == 0 {
                    break;
                }
                let _ = stream.write_all(line).await;
            }
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    port
}

async fn against(lines: &[&[u8]], tls: &str) -> String {
    let port = scripted(lines.iter().map(|l| l.to_vec()).collect()).await;
    let channel = email_channel("127.0.0.1", port, tls, &json!({ "timeout_ms": 2000 }));
    let sender = SmtpSender::new(&channel, &around(&[format!("127.0.0.1:{port}")], &[])).expect("channel");
    text_of(&sender.send(&mail()).await.expect_err("no mail server"))
}

#[tokio::test]
async fn what_comes_in_clear_after_the_answer_to_starttls_ends_the_connection() {
    let lines: [&[u8]; 3] =
        [b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n250 smuggled\r\n250 smuggled\r\n"];
    assert_eq!(against(&lines, "starttls").await, "misconfigured: text_before_tls");
}

#[tokio::test]
async fn servers_that_are_none_are_told_apart_without_harm() {
    assert_eq!(against(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], "starttls").await, "misconfigured: no_mail_server");
    assert_eq!(against(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], "none").await, "temporary: no_usable_reply");
    assert_eq!(against(&[b"554 5.7.1 blocked\r\n"], "none").await, "misconfigured: greeting_refused (554 5.7.1)");
    assert_eq!(against(&[b"421 busy\r\n"], "starttls").await, "temporary: greeting_refused (421)");
    let endless = vec![b'2'; 600 * 1024];
    assert_eq!(against(&[&endless], "none").await, "temporary: connection_cut");
    assert_eq!(against(&[&endless], "starttls").await, "temporary: reply_too_long");
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_a_word() {
    let mut server = sink(&SinkOptions::default());
    let port = server.port();
    let sender = sender(&server, "none", &json!({}));
    sender.send(&mail()).await.expect("accepted");
    // The next MAIL command on the kept connection finds it closed.
    server.behave(&[(Stage::Mail, "cut")]).expect("told");
    let error = sender.send(&mail()).await.expect_err("cut on the kept and on the new connection");
    assert_eq!(text_of(&error), "temporary: no_usable_reply");
    server.behave(&[]).expect("told");
    sender.send(&mail()).await.expect("accepted on a new connection");
    server.wait_for(2, SOON).await.expect("two");
    server = sink(&SinkOptions::default());
    assert_ne!(server.port(), port);
    assert_eq!(text_of(&sender.send(&mail()).await.expect_err("gone")), "temporary: connect_failed");
}

#[tokio::test]
async fn addresses_inside_are_refused_before_and_after_resolving() {
    let sink = sink(&SinkOptions::default());
    let nobody = around(&[], &[]);
    for host in ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0"] {
        let errors = SmtpSender::new(&email_channel(host, sink.port(), "none", &json!({})), &nobody).expect_err(host);
        assert_eq!(errors.0[0].field, "host");
    }
    for host in ["localhost", "0x7f.0.0.1", "127.1", "2130706433"] {
        let sender = SmtpSender::new(&email_channel(host, sink.port(), "none", &json!({})), &nobody).expect(host);
        assert_eq!(text_of(&sender.send(&mail()).await.expect_err(host)), "misconfigured: address_refused");
    }
    // An exception for another port or name is none.
    let other = around(&[format!("localhost:{}", sink.port() ^ 1), format!("elsewhere:{}", sink.port())], &[]);
    let sender =
        SmtpSender::new(&email_channel("localhost", sink.port(), "none", &json!({})), &other).expect("channel");
    assert_eq!(
        sender.send(&mail()).await.err(),
        Some(SendError::Misconfigured { reason: "address_refused", provider_code: None })
    );
    assert!(sink.messages().expect("messages").is_empty());
}

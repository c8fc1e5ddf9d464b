//! Hostile strings through everything a tenant or a user can write, against a server that takes a bare LF for a line
//! end: exactly one message with exactly our recipient and headers, or an error before any connection (C27).

mod common;

use std::time::Duration;

use common::{ADDRESS, CODE, around, email_channel, mail};
use serde_json::json;
use twofold_delivery::template::{Locale, MessageKind, TemplateOverrides, Vars, render};
use twofold_delivery::transport::{Mailbox, OutgoingMail, SmtpSender};
use twofold_test_support::{ReceivedMail, SinkOptions, SmtpSink};

const HOSTILE: [&str; 14] = [
    "x\r\nBcc: eve@example.com",
    "x\nBcc: eve@example.com",
    "x\rBcc: eve@example.com",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\0y",
    "x\u{2028}Bcc: eve@example.com",
    "x\u{2029}Bcc: eve@example.com",
    "x\u{85}Bcc: eve@example.com",
    "x\n.\nMAIL FROM:<eve@example.com>\nRCPT TO:<eve@example.com>\nDATA\nSubject: smuggled\n\nhi\n.\n",
    "x\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nhi\r\n.\r\n",
    "x\n.\r\nMAIL FROM:<eve@example.com>\nRCPT TO:<eve@example.com>\nDATA\nSubject: smuggled\n\nhi\n.\n",
    "x\r.\rMAIL FROM:<eve@example.com>\r",
    "\" <eve@example.com>, \"x",
    "=?utf-8?q?=0D=0ABcc:_eve@example.com?=",
];

type Set = fn(&mut OutgoingMail, String);

const FIELDS: [(&str, Set); 10] = [
    ("from.name", |m, s| m.from.name = Some(s)),
    ("from.address", |m, s| m.from.address = s),
    ("from.local", |m, s| m.from.address = format!("{s}@example.org")),
    ("reply_to", |m, s| m.reply_to = Some(Mailbox { name: Some(s), address: "help@example.org".to_owned() })),
    ("to", |m, s| m.to = s),
    ("to.after", |m, s| m.to = format!("{ADDRESS}{s}")),
    ("subject", |m, s| m.subject = s),
    ("message_id", |m, s| m.message_id = s),
    ("text", |m, s| m.text = format!("{s}\n{CODE}")),
    ("html", |m, s| m.html = Some(format!("{s}\n{CODE}"))),
];

fn headers_are_ours(got: &ReceivedMail, origin: &str) {
    let ours = [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "Expires",
        "From",
        "MIME-Version",
        "Message-ID",
        "Reply-To",
        "Subject",
        "To",
        "X-Auto-Response-Suppress",
    ];
    let headers = got.headers();
    for (name, value) in &headers {
        assert!(ours.contains(&name.as_str()), "{origin}: {name}: {value}");
    }
    for name in ours {
        let count = headers.iter().filter(|(n, _)| n == name).count();
        assert!(count == 1 || (count == 0 && name == "Reply-To"), "{origin}: {count} {name}");
    }
    assert_eq!(headers.iter().find(|(n, _)| n == "To").map(|(_, v)| v.as_str()), Some(ADDRESS), "{origin}");
    assert_eq!(got.rcpt_tos, [ADDRESS], "{origin}");
    assert_eq!(got.mail_from, "codes@example.org", "{origin}");
    let raw = got.raw.as_slice();
    let paired = |(n, b): (usize, &u8)| match b {
        b'\n' => n > 0 && raw[n - 1] == b'\r',
        b'\r' => raw.get(n + 1) == Some(&b'\n'),
        _ => *b != 0 && b.is_ascii(),
    };
    assert!(raw.iter().enumerate().all(paired), "{origin}: a bare line end, NUL or 8-bit byte");
}

#[tokio::test]
async fn no_field_of_a_message_starts_another_line_or_message() {
    let sink = SmtpSink::start(&SinkOptions { lenient: true, ..SinkOptions::default() }).expect("sink");
    let channel = email_channel("localhost", sink.port(), "none", &json!({}));
    let sender = SmtpSender::new(&channel, &around(&[format!("localhost:{}", sink.port())], &[])).expect("channel");
    let (mut sent, mut refused) = (0, 0);
    for hostile in HOSTILE {
        for (name, set) in FIELDS {
            let origin = format!("{name} = {hostile:?}");
            let mut message = mail();
            set(&mut message, hostile.to_owned());
            match sender.send(&message).await {
                Ok(_) => sent += 1,
                Err(error) => {
                    refused += 1;
                    assert!(error.reason().ends_with("_invalid"), "{origin}: {error}");
                    assert!(!format!("{error:?}").contains("eve"), "{origin}");
                }
            }
            let got = sink.messages().expect("messages");
            assert_eq!(got.len(), sent, "{origin}");
            if let Some(last) = got.last() {
                headers_are_ours(last, &origin);
            }
        }
    }
    let got = sink.wait_for(sent, Duration::from_secs(5)).await.expect("all");
    assert!(got.iter().all(|m| !m.headers().iter().any(|(n, v)| n == "Subject" && v == "smuggled")));
    assert_eq!(sent + refused, HOSTILE.len() * FIELDS.len());
    assert!(sent >= 20 && refused >= 80, "{sent} {refused}");
}

#[tokio::test]
async fn no_value_in_a_template_does_either() {
    let sink = SmtpSink::start(&SinkOptions { lenient: true, ..SinkOptions::default() }).expect("sink");
    let channel = email_channel("localhost", sink.port(), "none", &json!({}));
    let sender = SmtpSender::new(&channel, &around(&[format!("localhost:{}", sink.port())], &[])).expect("channel");
    let own: TemplateOverrides = serde_json::from_value(json!({
        "login_code": { "en": {
            "subject": "{{ brand }} {{ user }} {{ ip }}", "text": "{{ user }}\n{{ brand }}\n.\n{{ code }}",
            "html": "<p title=\"{{ user }}\">{{ brand }} {{ ip }} {{ code }}</p>",
        } }
    }))
    .expect("overrides");
    assert_eq!(own.validate(), Ok(()));
    let english = Locale::parse("en").expect("en");
    let mut count = 0;
    for hostile in HOSTILE {
        for (kind, own) in [
            (MessageKind::LoginCode, own.clone()),
            (MessageKind::LoginCode, TemplateOverrides::default()),
            (MessageKind::FactorLocked, TemplateOverrides::default()),
        ] {
            let vars = Vars {
                code: Some(CODE.to_owned()),
                minutes: 5,
                brand: hostile.to_owned(),
                user: Some(hostile.to_owned()),
                ip: Some(hostile.to_owned()),
                ..Vars::default()
            };
            let rendered = render(kind, &english, &vars, &own).expect("renders");
            assert!(!rendered.html.contains("<script"), "{hostile:?}");
            let message =
                OutgoingMail { subject: rendered.subject, text: rendered.text, html: Some(rendered.html), ..mail() };
            sender.send(&message).await.expect("accepted");
            count += 1;
            let got = sink.messages().expect("messages");
            assert_eq!(got.len(), count, "{hostile:?}");
            headers_are_ours(&got[count - 1], hostile);
        }
    }
}

/// The sink itself is open to smuggling: without this the tests above would prove nothing.
#[tokio::test]
async fn the_lenient_sink_would_have_been_fooled() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let sink = SmtpSink::start(&SinkOptions { lenient: true, ..SinkOptions::default() }).expect("sink");
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", sink.port())).await.expect("connects");
    let body = "Subject: a\r\n\r\nx\n.\nMAIL FROM:<eve@example.com>\nRCPT TO:<eve@example.com>\nDATA\nSubject: smuggled\n\nhi\r\n.\r\n";
    for line in ["", "EHLO x\r\n", "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n", "DATA\r\n", body] {
        stream.write_all(line.as_bytes()).await.expect("writes");
        let _ = stream.read(&mut [0; 2048]).await.expect("reads");
    }
    let got = sink.wait_for(2, Duration::from_secs(5)).await.expect("two messages out of one");
    assert_eq!(got[1].rcpt_tos, ["eve@example.com"]);
}

//! What the sending tests share.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use std::path::PathBuf;
use std::time::Duration;

use twofold_delivery::transport::{
    AddressPolicy, EmailChannel, Mailbox, OutgoingMail, OutgoingSms, SendError, SmsChannel, Surroundings, Tls,
};
use twofold_domain::time::Timestamp;

/// In every message sent, and in no error text.
pub const CODE: &str = "730415";
/// In every channel that logs in.
pub const PASSWORD: &str = "canary-pass-91";
pub const ADDRESS: &str = "ada@example.net";
pub const NUMBER: &str = "+4915112345678";

pub fn around(allow: &[String], roots: &[Vec<u8>]) -> Surroundings {
    Surroundings {
        policy: AddressPolicy {
            allow_private: false,
            allow: allow.iter().map(|a| a.parse().expect("entry")).collect(),
        },
        tls: Tls::with_extra_roots(roots).expect("roots"),
        outbox_dir: PathBuf::from("/nonexistent"),
    }
}

pub fn mail() -> OutgoingMail {
    OutgoingMail {
        from: Mailbox { name: Some("Example Hosting".to_owned()), address: "codes@example.org".to_owned() },
        reply_to: None,
        to: ADDRESS.to_owned(),
        subject: "Your code".to_owned(),
        text: format!("Hello,\n\n{CODE}\n\nbye"),
        html: Some(format!("<p>{CODE}</p>")),
        message_id: "m-1@twofold.example".to_owned(),
        sent_at: Timestamp(1_795_290_000_123),
        expires_at: Some(Timestamp(1_795_290_300_123)),
    }
}

pub fn sms() -> OutgoingSms {
    OutgoingSms {
        to_e164: NUMBER.to_owned(),
        body: format!("{CODE} is your code.\n\n@panel.example #{CODE}"),
        remaining_life: Duration::from_millis(299_900),
        reference: "m-1".to_owned(),
        status_callback: None,
    }
}

pub fn email_channel(host: &str, port: u16, tls: &str, extra: &serde_json::Value) -> EmailChannel {
    let mut whole = serde_json::json!({
        "transport": "smtp", "host": host, "port": port, "tls": tls, "from": "codes@example.org", "timeout_ms": 5000,
        "hello_name": "twofold.example",
    });
    merge(&mut whole, extra);
    serde_json::from_value(whole).expect("channel")
}

pub fn sms_channel(value: serde_json::Value) -> SmsChannel {
    serde_json::from_value(value).expect("channel")
}

pub fn merge(into: &mut serde_json::Value, from: &serde_json::Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

/// An error's whole text, after making sure it gives nothing away.
pub fn text_of(error: &SendError) -> String {
    let whole = format!("{error} {error:?}");
    for secret in [CODE, PASSWORD, ADDRESS, "ada@", "example.net", NUMBER, "4915112345678", "codes@"] {
        assert!(!whole.contains(secret), "{secret} in {whole}");
    }
    error.to_string()
}

//! Messages as files.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::AtomicBool;

use common::{CODE, NUMBER, around, mail, sms, text_of};
use serde_json::json;
use twofold_delivery::transport::{
    EmailChannel, MailTransport, OutgoingMail, OutgoingSms, SmsChannel, SmsTransport, Surroundings,
};

/// Of no interest here.
const fn begun() -> AtomicBool {
    AtomicBool::new(false)
}

fn transports(around: &Surroundings) -> (MailTransport, SmsTransport) {
    let email: EmailChannel =
        serde_json::from_value(json!({ "transport": "outbox", "from": "a@example.org" })).expect("channel");
    let text: SmsChannel = serde_json::from_value(json!({ "provider": "outbox" })).expect("channel");
    (MailTransport::new(&email, around).expect("mail"), SmsTransport::new(&text, around).expect("sms"))
}

#[tokio::test]
async fn files_are_whole_private_and_the_same_for_the_same_message() {
    let home = tempfile::tempdir().expect("directory");
    let around = Surroundings { outbox_dir: home.path().join("a/outbox"), ..around(&[], &[]) };
    let (email, text) = transports(&around);
    for _ in 0..2 {
        let accepted = email.send(&mail(), &begun()).await.expect("written");
        assert_eq!(accepted.provider_id.as_deref(), Some("m-1_twofold.example"));
        text.send(&sms(), &begun()).await.expect("written");
    }
    let mut names: Vec<String> = fs::read_dir(&around.outbox_dir)
        .expect("outbox")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["m-1.txt", "m-1_twofold.example.eml"]);
    for name in names {
        let path = around.outbox_dir.join(name);
        assert_eq!(fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&path).expect("text").contains(CODE));
    }
    let written = fs::read_to_string(around.outbox_dir.join("m-1.txt")).expect("text");
    assert!(
        written.starts_with(&format!("To: {NUMBER}\nReference: m-1\nValidity-Seconds: 299\n\n{CODE} is your code."))
    );
}

#[tokio::test]
async fn ids_cannot_lead_out_of_the_directory() {
    let home = tempfile::tempdir().expect("directory");
    let around = Surroundings { outbox_dir: home.path().join("outbox"), ..around(&[], &[]) };
    let (email, text) = transports(&around);
    for id in ["../../x", "/etc/x", "..", ".", "", "a/b", "a\0b", "a\nTo: x"] {
        text.send(&OutgoingSms { reference: id.to_owned(), ..sms() }, &begun()).await.expect("written");
        assert!(email.send(&OutgoingMail { message_id: id.to_owned(), ..mail() }, &begun()).await.is_err());
    }
    let outside: Vec<_> = fs::read_dir(home.path()).expect("home").map(|e| e.expect("entry").file_name()).collect();
    assert_eq!(outside, ["outbox"]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_temporary() {
    let home = tempfile::tempdir().expect("directory");
    fs::write(home.path().join("file"), "").expect("file");
    let around = Surroundings { outbox_dir: home.path().join("file/outbox"), ..around(&[], &[]) };
    let (email, text) = transports(&around);
    assert_eq!(
        text_of(&email.send(&mail(), &begun()).await.expect_err("no directory")),
        "temporary: outbox_not_writable"
    );
    assert_eq!(
        text_of(&text.send(&sms(), &begun()).await.expect_err("no directory")),
        "temporary: outbox_not_writable"
    );
}

#[test]
fn messages_do_not_print_themselves() {
    let shown = format!("{:?} {:?} {:?}", mail(), sms(), mail().from);
    for secret in [CODE, NUMBER, "ada@", "codes@"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

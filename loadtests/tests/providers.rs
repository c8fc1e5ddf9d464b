//! The simulator, by the real senders.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Value, json};
use twofold_delivery::transport::{
    AddressPolicy, MailTransport, Mailbox, OutgoingMail, OutgoingSms, SmsTransport, Surroundings, Tls,
};
use twofold_domain::Timestamp;
use twofold_loadtests::providers::{Character, LOGIN, Profile, Setup, Simulator, TOKEN};
use twofold_test_support::{HttpStub, Reaction};

const ADDRESS: &str = "ada@example.net";
const NUMBER: &str = "+4915112345678";

fn around(simulator: &Simulator) -> Surroundings {
    let roots: Vec<Vec<u8>> = simulator.root_der().map(<[u8]>::to_vec).into_iter().collect();
    Surroundings {
        policy: AddressPolicy { allow_private: true, allow: Vec::new() },
        tls: Tls::with_extra_roots(&roots).expect("roots"),
        outbox_dir: PathBuf::from("/nonexistent"),
    }
}

async fn of(character: Character) -> Simulator {
    let profile = Profile { pause_ms: (0, 0), ..character.profile() };
    Simulator::start(Setup::plain(vec![profile], 1)).await.expect("started")
}

async fn mail(simulator: &Simulator, extra: &Value, code: &str) -> Result<(), String> {
    let mut channel = simulator.email_channel(0);
    channel["timeout_ms"] = json!(2000);
    for (key, value) in extra.as_object().into_iter().flatten() {
        channel[key] = value.clone();
    }
    let channel = serde_json::from_value(channel).expect("a channel");
    let mail = OutgoingMail {
        from: Mailbox { name: None, address: "codes@panel.example".to_owned() },
        reply_to: None,
        to: ADDRESS.to_owned(),
        subject: "Your code".to_owned(),
        text: format!("Hello,\n\n{code}\n\nbye"),
        html: Some(format!("<p>{code}</p>")),
        message_id: "m-1@twofold.example".to_owned(),
        sent_at: Timestamp(1_795_290_000_123),
        expires_at: None,
    };
    let sender = MailTransport::new(&channel, &around(simulator)).expect("a good channel");
    sender.send(&mail, &AtomicBool::new(false)).await.map(|_| ()).map_err(|error| error.to_string())
}

async fn sms(simulator: &Simulator, channel: Value, code: &str) -> Result<Option<String>, String> {
    let channel = serde_json::from_value(channel).expect("a channel");
    let sms = OutgoingSms {
        to_e164: NUMBER.to_owned(),
        body: format!("{code} is your code."),
        remaining_life: Duration::from_secs(299),
        reference: "m-1".to_owned(),
        status_callback: None,
    };
    let sender = SmsTransport::new(&channel, &around(simulator)).expect("a good channel");
    sender
        .send(&sms, &AtomicBool::new(false))
        .await
        .map(|accepted| accepted.provider_id)
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_good_provider_takes_mails_and_texts_and_remembers_their_codes() {
    let simulator = of(Character::Good).await;
    mail(&simulator, &json!({}), "111111").await.expect("taken");
    mail(&simulator, &json!({}), "111111").await.expect("taken again");
    let sid = sms(&simulator, simulator.twilio_channel(0), "222222").await.expect("taken").expect("an id");
    let other = sms(&simulator, simulator.twilio_channel(0), "333333").await.expect("taken").expect("an id");
    assert!(sid.starts_with("SM") && sid.len() == 34 && sid != other, "{sid} {other}");
    sms(&simulator, simulator.http_channel(0), "444444").await.expect("taken");
    let book = simulator.book();
    let of = |recipient: &str| -> Vec<(String, u32)> {
        book.of(recipient).into_iter().map(|(code, entry)| (code, entry.taken)).collect()
    };
    assert_eq!(of(ADDRESS), [("111111".to_owned(), 2)]);
    assert_eq!(of(NUMBER), ["222222", "333333", "444444"].map(|code| (code.to_owned(), 1)));
    assert_eq!((book.duplicates(), book.taken()), ((4, 1), 5));
}

#[tokio::test]
async fn starttls_and_a_login_are_demanded_when_told() {
    let setup = Setup { starttls: true, auth: true, ..Setup::plain(vec![Character::Good.profile()], 1) };
    let simulator = Simulator::start(setup).await.expect("started");
    let secure = json!({ "host": "localhost", "tls": "starttls" });
    let good = json!({ "host": "localhost", "tls": "starttls", "username": LOGIN, "password": TOKEN });
    mail(&simulator, &good, "111111").await.expect("taken");
    mail(&simulator, &json!({}), "222222").await.expect_err("without TLS");
    mail(&simulator, &secure, "333333").await.expect_err("without a login");
    let wrong = json!({ "host": "localhost", "tls": "starttls", "username": LOGIN, "password": "wrong" });
    mail(&simulator, &wrong, "444444").await.expect_err("with a wrong password");
    assert_eq!(simulator.book().taken(), 1);
}

#[tokio::test]
async fn what_goes_wrong_goes_wrong_as_named() {
    for (character, kind) in [(Character::Busy, "temporary"), (Character::Refusing, "permanent")] {
        let simulator = of(character).await;
        let said = mail(&simulator, &json!({}), "111111").await.expect_err("refused");
        assert!(said.starts_with(kind), "{character:?}: {said}");
        for channel in [simulator.twilio_channel(0), simulator.http_channel(0)] {
            let said = sms(&simulator, channel, "222222").await.expect_err("refused");
            assert!(said.starts_with(kind), "{character:?}: {said}");
        }
        assert_eq!(simulator.book().taken(), 0, "{character:?}");
        assert_eq!(simulator.book().totals()["seen"], 3, "{character:?}");
    }
}

#[tokio::test]
async fn a_cut_leaves_the_message_with_the_provider_and_its_sender_in_doubt() {
    let profile = Profile { cut: 100, ..Character::Good.profile() };
    let simulator = Simulator::start(Setup::plain(vec![profile], 1)).await.expect("started");
    let said = mail(&simulator, &json!({}), "111111").await.expect_err("cut");
    assert!(said.starts_with("unknown"), "{said}");
    for channel in [simulator.twilio_channel(0), simulator.http_channel(0)] {
        let said = sms(&simulator, channel, "222222").await.expect_err("cut");
        assert!(said.starts_with("unknown"), "{said}");
    }
    assert_eq!(simulator.book().taken(), 3);
}

#[tokio::test]
async fn status_callbacks_are_sent_and_signed() {
    let panel = HttpStub::start(|_| Reaction::status(204)).await.expect("a panel");
    let simulator = of(Character::Good).await;
    let mut channel = simulator.twilio_channel(0);
    channel["twilio"]["status_callback"] = json!(format!("{}/hook?m=1", panel.url()));
    let sid = sms(&simulator, channel, "111111").await.expect("taken").expect("an id");
    let answered = async {
        while simulator.callbacks().0 < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), answered).await.expect("two callbacks");
    let requests = panel.requests();
    let field = |at: usize, name: &str| {
        let form = requests[at].form();
        form.into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
    };
    assert_eq!([field(0, "MessageStatus"), field(1, "MessageStatus")], ["sent", "delivered"]);
    assert_eq!((field(0, "MessageSid"), field(0, "To")), (sid, NUMBER.to_owned()));
    assert_eq!(requests[0].target, "/hook?m=1");
    let signatures = [requests[0].header("x-twilio-signature"), requests[1].header("x-twilio-signature")];
    assert!(signatures.iter().all(|text| text.len() == 28) && signatures[0] != signatures[1], "{signatures:?}");
}

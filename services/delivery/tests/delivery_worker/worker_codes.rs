//! Codes that arrive, and codes that must not.

use std::sync::Arc;

use twofold_domain::Method;
use twofold_domain::delivery::DeliveryEvent;
use twofold_engine::Ask;
use twofold_event_log::{SqliteLog, SqliteLogOptions};
use twofold_test_support::{SinkOptions, SmtpSink, TwilioAccount, TwilioStub};

use super::house::{ACCOUNT_SID, House, SOON, sms_operator, until};
use super::panel::{NUMBER, Panel, code_in};

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

/// Set-up and login by e-mail, each with the code that arrived.
async fn enrols_and_logs_in(house: House, sink: SmtpSink) {
    let panel = Panel::new(&house.engine().await, "acme").await;
    let worker = house.worker().await;
    let enrolment = panel.newcomer("ada").await;
    let first = sink.wait_for(1, SOON).await.expect("a code").remove(0);
    assert_eq!((first.mail_from.as_str(), first.rcpt_tos), ("codes@example.org", vec!["ada@example.net".to_owned()]));
    let code = code_in(&sink.messages().expect("messages")[0]);
    assert!(panel.confirm("ada", &enrolment, &code).await, "the code that arrived sets it up");

    let challenge = panel.login("ada", Method::Email).await;
    let mails = sink.wait_for(2, SOON).await.expect("another code");
    assert!(!panel.verify("ada", &challenge, &code).await || code_in(&mails[1]) == code, "the old code is spent");
    assert!(panel.verify("ada", &challenge, &code_in(&mails[1])).await, "the code that arrived logs in");

    for (n, mail) in mails.iter().enumerate() {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
        let (_, asked) = house.requests().await.remove(n);
        let headers = mail.headers();
        let id = headers.iter().find(|(name, _)| name == "Message-ID").map(|(_, value)| value.as_str());
        assert_eq!(id, Some(format!("<{}@example.org>", asked.message).as_str()));
        let DeliveryEvent::Accepted { attempt, provider_id, .. } = house.ledger(n).await.remove(0) else {
            panic!("accepted")
        };
        assert_eq!((attempt, provider_id), (1, Some(format!("Q{:06}", n + 1))));
    }
    until("counted", async || worker.numbers().accepted == 2).await;
    until("closed", async || worker.numbers().open == 0).await;
    let numbers = worker.numbers();
    assert!(numbers.recovered && numbers.log_reachable);
    assert_eq!((numbers.in_flight, numbers.dead, numbers.retried), (0, 0, 0));
    worker.drain().await;
}

#[tokio::test]
async fn a_code_by_mail_arrives_and_verifies() {
    let sink = sink();
    enrols_and_logs_in(House::with_mail(&sink), sink).await;
}

#[tokio::test]
async fn a_code_by_mail_arrives_and_verifies_on_a_durable_log() {
    let home = tempfile::tempdir().expect("directory");
    let sink = sink();
    let log = SqliteLog::open(SqliteLogOptions::new(home.path().join("log.db"))).await.expect("log");
    let house = House::with_mail_on(Arc::new(log), &sink);
    enrols_and_logs_in(house, sink).await;
}

#[tokio::test]
async fn a_code_by_text_message_arrives_with_the_time_it_has_left() {
    let account =
        TwilioAccount { account_sid: ACCOUNT_SID.to_owned(), user: ACCOUNT_SID.to_owned(), password: "t".to_owned() };
    let stub = TwilioStub::start(account).await.expect("stub");
    let mut house = House::new(Vec::new());
    house.operator = sms_operator(&stub.url(), "t");
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.register("ada", "ada@example.net", NUMBER).await;
    let enrolment = panel.enrol("ada", Method::Sms).await;
    house.clock.advance_secs(100);
    let _worker = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    let form = stub.requests().remove(0).form();
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
    assert_eq!((field("To").as_str(), field("ValidityPeriod").as_str()), (NUMBER, "200"));
    let body = field("Body");
    assert!(body.contains("acme") && body.contains("works for 3 minutes"), "{body}");
    assert!(panel.confirm("ada", &enrolment, &body[..6]).await);
}

#[tokio::test]
async fn of_a_code_and_its_resend_only_the_newer_is_sent() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    let enrolment = panel.newcomer("ada").await;
    house.clock.advance_secs(31);
    panel.ask("ada", Ask::ResendEnrolmentCode(enrolment.clone())).await;
    let worker = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.superseded"]);
    assert_eq!(house.ended(1).await, ["delivery.accepted"]);
    let mails = sink.wait_for(1, SOON).await.expect("the newer");
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    until("counted", async || worker.numbers().superseded == 1).await;
    assert_eq!(sink.messages().expect("messages").len(), 1);
}

#[tokio::test]
async fn a_code_is_not_sent_to_an_address_the_user_has_left() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    panel.register("ada", "elsewhere@example.net", NUMBER).await;
    let _worker = house.worker().await;
    assert_eq!(house.ended(0).await, ["delivery.superseded"]);
    assert!(sink.messages().expect("messages").is_empty());
}

#[tokio::test]
async fn a_login_code_is_not_sent_once_the_login_is_over() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    let first = house.worker().await;
    let enrolment = panel.newcomer("ada").await;
    let mails = sink.wait_for(1, SOON).await.expect("a code");
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    first.drain().await;
    panel.login("ada", Method::Email).await;
    house.clock.advance_secs(31);
    let again = panel.login("ada", Method::Email).await;
    let second = house.worker().await;
    assert_eq!(house.ended(1).await, ["delivery.superseded"], "another login has taken its place");
    assert_eq!(house.ended(2).await, ["delivery.accepted"]);
    let mails = sink.wait_for(2, SOON).await.expect("the other");
    assert!(panel.verify("ada", &again, &code_in(&mails[1])).await);
    second.drain().await;
    panel.login("ada", Method::Email).await;
    panel
        .ask(
            "ada",
            Ask::Reset(twofold_engine::ReauthInput { confirmed: true, session_verified: true, ..Default::default() }),
        )
        .await;
    let _third = house.worker().await;
    assert_eq!(house.ended(3).await, ["delivery.superseded"], "a reset has ended it");
    assert_eq!(sink.messages().expect("messages").len(), 2);
}

//! News to the owner (C16), erased users, the test inbox.

use serde_json::json;
use twofold_domain::Mode;
use twofold_domain::delivery::DeliveryEvent;
use twofold_test_support::{SinkOptions, SmtpSink};

use super::house::{House, SOON, until};
use super::panel::{Panel, code_in};

fn sink() -> SmtpSink {
    SmtpSink::start(&SinkOptions::default()).expect("the sink starts")
}

#[tokio::test]
async fn the_owner_is_told_at_the_registered_address() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::with(&house.engine().await, "acme", json!({}), Mode::Live).await;
    let _worker = house.worker().await;
    let enrolment = panel.newcomer("ada").await;
    let mails = sink.wait_for(1, SOON).await.expect("a code");
    assert!(panel.confirm("ada", &enrolment, &code_in(&mails[0])).await);
    let mails = sink.wait_for(2, SOON).await.expect("news");
    let headers = mails[1].headers();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(header("Subject"), Some("acme: two-factor authentication is on"));
    assert_eq!((mails[1].rcpt_tos.as_slice(), header("Expires")), (&["ada@example.net".to_owned()][..], None));
    assert!(mails[1].text().contains("ada") && mails[1].text().contains("2026-11-21 19:40 UTC"));
    assert_eq!(house.ended(1).await, ["delivery.accepted"]);
}

#[tokio::test]
async fn nothing_is_sent_to_an_erased_user() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    for id in ["ada", "bea"] {
        panel.newcomer(id).await;
    }
    let mut by_system = panel.caller.clone();
    by_system.context = twofold_engine::RequestContext::system();
    panel.engine.erase(&by_system, &panel.user("ada")).await.expect("erased");
    // Only the key is gone: the event is still on its way.
    panel.engine.vault().destroy(&panel.caller.tenant.id, &panel.user("bea").token).await.expect("destroyed");
    let _worker = house.worker().await;
    for n in 0..2 {
        assert_eq!(
            house.end(n).await,
            [DeliveryEvent::Dead { attempt: 0, cause: "erased".to_owned(), provider: None }]
        );
    }
    assert!(sink.messages().expect("messages").is_empty());
}

#[tokio::test]
async fn test_mode_leaves_for_nowhere() {
    let sink = sink();
    let house = House::with_mail(&sink);
    let panel = Panel::with(&house.engine().await, "acme", json!({}), Mode::Test).await;
    panel.newcomer("ada").await;
    let worker = house.worker().await;
    panel.newcomer("bea").await;
    for n in 0..2 {
        assert_eq!(house.ended(n).await, ["delivery.captured"]);
    }
    until("counted", async || worker.numbers().captured == 2).await;
    assert!(sink.messages().expect("messages").is_empty());
}

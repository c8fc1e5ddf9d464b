//! Messages: the fold and its filters.

use twofold_domain::{Channel, Mode, Timestamp};
use twofold_event_log::Seq;
use twofold_read_model::{DeliveryFilter, DeliveryPage, DeliveryRow, DeliveryStatus};

use crate::dump::dump;
use crate::events::{ledger_event, message, request, tenant, user};
use crate::fresh::{Kind, fresh, on_both};
use crate::history::History;

fn row() -> DeliveryRow {
    let twofold_domain::delivery::DeliveryEvent::Requested(request) = request(1, 1) else { panic!("not a request") };
    DeliveryRow::requested(tenant(0), &request, Timestamp(1), Seq(1))
}

#[test]
fn the_first_end_stays_unless_the_message_was_sent() {
    let mut row = row();
    row.apply(&ledger_event(0, 1), Timestamp(2));
    assert_eq!((row.status, row.attempts, row.cause.is_some()), (DeliveryStatus::Retrying, 1, true));
    row.apply(&ledger_event(3, 2), Timestamp(3));
    row.apply(&ledger_event(4, 9), Timestamp(4));
    assert_eq!((row.status, row.attempts, row.updated_at), (DeliveryStatus::Dead, 2, Timestamp(3)));
    row.apply(&ledger_event(1, 2), Timestamp(5));
    assert_eq!((row.status, row.provider_id.as_deref()), (DeliveryStatus::Accepted, Some("SM1")));
    row.apply(&ledger_event(5, 0), Timestamp(6));
    assert_eq!(row.status, DeliveryStatus::Accepted);
}

async fn the_ledger_is_audited_under_its_user_and_mode(kind: Kind) {
    let mut history = History::new();
    history.request(0, 7, request(7, 3)).await;
    history.ledger(0, 7, ledger_event(2, 1)).await;
    // Nobody ever requested this one.
    history.ledger(0, 8, ledger_event(2, 1)).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await[..1]).await.unwrap();
    fresh.store.apply(&history.all().await).await.unwrap();
    let about: Vec<_> = dump(&*fresh.store).await.audit.into_iter().map(|row| (row.user, row.mode)).collect();
    let known = (Some(user(3)), Some(Mode::Test));
    assert_eq!(about, [known.clone(), known, (None, None)]);
}

async fn filters_and_pages(kind: Kind) {
    let mut history = History::new();
    for n in 1..=40 {
        history.request(0, n, request(n, n % 4)).await;
        if n % 5 == 0 {
            history.ledger(0, n, ledger_event(3, 1)).await;
        }
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let live: Vec<u64> = (1..=40).filter(|n| n % 7 != 0).collect();
    for newest_first in [false, true] {
        let found = async |filter: DeliveryFilter| {
            let mut ids = Vec::new();
            let mut after = None;
            loop {
                let page = DeliveryPage { after, limit: 3, newest_first };
                let rows = fresh.store.deliveries(&tenant(0), Mode::Live, &filter, page).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(last.request_seq);
                ids.extend(rows.into_iter().map(|row| (1..=40).find(|n| message(*n) == row.message).unwrap()));
            }
            if newest_first {
                ids.reverse();
            }
            ids
        };
        let of = |keep: fn(&u64) -> bool| live.iter().copied().filter(keep).collect::<Vec<_>>();
        let any = DeliveryFilter::default;
        assert_eq!(found(any()).await, live);
        assert_eq!(found(DeliveryFilter { user: Some(user(1)), ..any() }).await, of(|n| n % 4 == 1));
        let dead = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..any() };
        assert_eq!(found(dead.clone()).await, of(|n| n % 5 == 0));
        let sms = DeliveryFilter { channel: Some(Channel::Sms), user: Some(user(2)), ..dead };
        assert_eq!(found(sms).await, of(|n| n % 5 == 0 && n % 3 == 0 && n % 4 == 2));
    }
}

on_both!(the_ledger_is_audited_under_its_user_and_mode, filters_and_pages);

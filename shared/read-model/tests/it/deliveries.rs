//! Messages: the fold and its filters.

use twofold_domain::{Channel, Mode, Timestamp};
use twofold_event_log::Seq;
use twofold_read_model::{DeliveryFilter, DeliveryPage, DeliveryRow, DeliveryStatus, SuppressionRow};

use crate::dump::dump;
use crate::events::{ledger_event, message, request, suppression_event, tenant, used, user};
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
    row.apply(&ledger_event(5, 9), Timestamp(4));
    assert_eq!((row.status, row.attempts, row.updated_at), (DeliveryStatus::Dead, 2, Timestamp(3)));
    row.apply(&ledger_event(1, 2), Timestamp(5));
    assert_eq!((row.status, row.provider_id.as_deref()), (DeliveryStatus::Accepted, Some("SM1")));
    row.apply(&ledger_event(5, 0), Timestamp(6));
    assert_eq!(row.status, DeliveryStatus::Accepted);
}

#[test]
fn a_dead_message_is_open_again_when_redriven_and_put_away_when_dropped() {
    let mut row = row();
    row.apply(&ledger_event(3, 3), Timestamp(2));
    row.apply(&ledger_event(8, 0), Timestamp(3));
    assert_eq!((row.status, row.updated_at), (DeliveryStatus::Retrying, Timestamp(3)));
    row.apply(&ledger_event(3, 4), Timestamp(4));
    row.apply(&ledger_event(4, 4), Timestamp(5));
    assert_eq!((row.status, row.attempts), (DeliveryStatus::Expired, 4));
    row.apply(&ledger_event(8, 0), Timestamp(6));
    assert_eq!((row.status, row.updated_at), (DeliveryStatus::Expired, Timestamp(5)));
}

/// What a provider and the user say of a message that was taken, each at an instant of its own.
fn say(row: &mut DeliveryRow, what: u64) {
    let at = Timestamp(10 + what.cast_signed());
    match what {
        9 => drop(row.mark_used(at)),
        which => row.apply(&ledger_event(which, 1), at),
    }
}

#[test]
fn reports_lead_to_the_same_end_in_any_order_and_however_often() {
    // Accepted, delivered, bounced, used.
    let reports = [1, 6, 7, 9];
    let mut ends = Vec::new();
    for a in reports {
        for b in reports.into_iter().filter(|b| *b != a) {
            for c in reports.into_iter().filter(|c| ![a, b].contains(c)) {
                let d = reports.into_iter().find(|d| ![a, b, c].contains(d)).unwrap();
                let mut row = row();
                for what in [a, b, a, c, d, b, c, d, a] {
                    say(&mut row, what);
                }
                ends.push((row.status, row.accepted_at, row.delivered_at, row.used_at, row.provider, row.country));
            }
        }
    }
    let twilio = Some("twilio".to_owned());
    let times = [11, 16, 19].map(|at| Some(Timestamp(at)));
    let expected = (DeliveryStatus::Used, times[0], times[1], times[2], twilio, Some("DE".to_owned()));
    assert_eq!(ends, vec![expected; 24]);
    for (reports, end) in [
        ([1, 7], DeliveryStatus::Bounced),
        ([7, 1], DeliveryStatus::Bounced),
        ([1, 6], DeliveryStatus::Delivered),
        ([6, 1], DeliveryStatus::Delivered),
        ([7, 6], DeliveryStatus::Delivered),
        ([6, 7], DeliveryStatus::Delivered),
        ([3, 6], DeliveryStatus::Delivered),
        ([2, 9], DeliveryStatus::Used),
        ([9, 8], DeliveryStatus::Used),
    ] {
        let mut row = row();
        for what in reports {
            say(&mut row, what);
        }
        assert_eq!(row.status, end, "{reports:?}");
    }
}

async fn the_use_of_a_code_is_noted_at_its_message_and_only_by_its_own_user(kind: Kind) {
    let mut history = History::new();
    for n in [1, 3, 5, 9] {
        history.request(0, n, request(n, n)).await;
    }
    history.ledger(0, 1, ledger_event(1, 1)).await;
    let seq = history.user(0, 1, &[used(1)]).await;
    // Another user of the tenant, and the same user of another tenant.
    history.user(0, 2, &[used(9)]).await;
    history.user(1, 5, &[used(5)]).await;
    // Used before anybody said that it was handed over, and once more.
    history.user(0, 3, &[used(3)]).await;
    history.ledger(0, 3, ledger_event(1, 2)).await;
    history.at.0 += 1;
    history.user(0, 3, &[used(3)]).await;
    let fresh = fresh(kind).await;
    for commit in history.all().await {
        fresh.store.apply(&[commit]).await.unwrap();
    }
    let row = async |n| fresh.store.delivery(&tenant(0), &message(n)).await.unwrap().unwrap();
    let first = row(1).await;
    assert_eq!((first.status, first.position, first.used_at), (DeliveryStatus::Used, seq, first.accepted_at));
    let third = row(3).await;
    assert_eq!((third.status, third.attempts), (DeliveryStatus::Used, 2));
    assert!(third.accepted_at.is_some() && third.used_at == third.accepted_at);
    assert_eq!((row(5).await.status, row(9).await.status), (DeliveryStatus::Pending, DeliveryStatus::Pending));
}

async fn every_entry_of_the_ledger_is_kept_in_order(kind: Kind) {
    let mut history = History::new();
    history.request(0, 7, request(7, 3)).await;
    history.request(1, 8, request(8, 3)).await;
    for (which, attempt) in [(0, 1), (3, 2), (8, 0), (1, 3), (6, 0), (6, 0)] {
        history.ledger(0, 7, ledger_event(which, attempt)).await;
    }
    // Of nobody's message, and of another tenant's.
    history.ledger(0, 9, ledger_event(0, 1)).await;
    history.ledger(0, 8, ledger_event(0, 1)).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let rows = fresh.store.attempts(&tenant(0), &message(7)).await.unwrap();
    let entries: Vec<_> = rows.iter().map(|row| (row.result.name(), row.attempt, row.provider.as_deref())).collect();
    let expected = [
        ("retrying", Some(1), Some("relay")),
        ("dead", Some(2), None),
        ("redriven", None, None),
        ("accepted", Some(3), Some("twilio")),
        ("delivered", None, Some("twilio")),
        ("delivered", None, Some("twilio")),
    ];
    assert_eq!(entries, expected);
    assert_eq!(rows[0].cause.as_deref(), Some("421 try later"));
    assert_eq!(rows[3].provider_id.as_deref(), Some("SM1"));
    assert_eq!(fresh.store.attempts(&tenant(1), &message(7)).await, Ok(Vec::new()));
    assert_eq!(dump(&*fresh.store).await.attempts, rows);
}

async fn dead_messages_are_listed_newest_first_of_one_tenant_or_of_all(kind: Kind) {
    let mut history = History::new();
    for n in 1..=6 {
        history.request(n % 2, n, request(n, 1)).await;
    }
    for n in [5, 2, 3, 4, 1] {
        history.ledger(n % 2, n, ledger_event(3, 1)).await;
    }
    history.ledger(0, 2, ledger_event(8, 0)).await;
    history.ledger(1, 3, ledger_event(4, 1)).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let dead = async |of: Option<u64>, before: Option<Seq>, limit| -> Vec<_> {
        let tenant = of.map(tenant);
        let rows = fresh.store.dead_letters(tenant.as_ref(), before, limit).await.unwrap();
        rows.into_iter().map(|row| row.message).collect()
    };
    assert_eq!(dead(None, None, 10).await, [5, 4, 1].map(message));
    assert_eq!(dead(Some(1), None, 10).await, [5, 1].map(message));
    assert_eq!(dead(Some(0), None, 10).await, [4].map(message));
    assert_eq!(dead(None, None, 1).await, [message(5)]);
    assert_eq!(dead(None, Some(Seq(5)), 10).await, [4, 1].map(message));
    assert_eq!(dead(Some(1), Some(Seq(5)), 10).await, [message(1)]);
}

async fn suppressed_destinations_are_listed_until_they_are_released(kind: Kind) {
    let mut history = History::new();
    for destination in 1..=4 {
        history.suppression(0, destination, suppression_event(u64::from(destination), 1)).await;
        history.suppression(1, destination, suppression_event(0, 1)).await;
    }
    history.at.0 += 5;
    history.suppression(0, 1, suppression_event(2, 1)).await;
    history.suppression(0, 2, suppression_event(0, 2)).await;
    history.suppression(0, 3, suppression_event(1, 2)).await;
    let fresh = fresh(kind).await;
    for commit in history.all().await {
        fresh.store.apply(&[commit]).await.unwrap();
    }
    let listed = async |before, limit| -> Vec<_> {
        let rows = fresh.store.suppressions(&tenant(0), before, limit).await.unwrap();
        let own = |row: &SuppressionRow| row.tenant == tenant(0) && row.released_at.is_none();
        assert!(rows.iter().all(own), "{rows:?}");
        rows.into_iter().map(|row| (row.destination[..2].to_owned(), row.cause, row.message, row.position)).collect()
    };
    let all = listed(None, 10).await;
    // The second was never suppressed before: releasing what is not there does nothing.
    let seen: Vec<_> = all.iter().map(|(of, cause, message, _)| (of.as_str(), &**cause, message.clone())).collect();
    let expected = [("03", "opted_out", None), ("02", "bounced", Some(message(2))), ("04", "opted_out", None)];
    assert_eq!(seen, expected);
    assert_eq!(listed(Some(all[1].3), 10).await, all[2..]);
    assert_eq!(listed(None, 1).await, all[..1]);
    assert_eq!(dump(&*fresh.store).await.suppressions.len(), 8);
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
        if n % 11 == 0 {
            history.ledger(0, n, ledger_event(0, 1)).await;
        }
        if n % 13 == 0 {
            history.ledger(0, n, ledger_event(1, 1)).await;
        }
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
        let relay = DeliveryFilter { provider: Some("relay".to_owned()), ..any() };
        assert_eq!(found(relay).await, of(|n| n % 11 == 0));
        let german = DeliveryFilter { country: Some("DE".to_owned()), ..any() };
        assert_eq!(found(german.clone()).await, of(|n| n % 13 == 0));
        let french = DeliveryFilter { country: Some("FR".to_owned()), ..any() };
        assert!(found(french).await.is_empty());
        let by_twilio = DeliveryFilter { provider: Some("twilio".to_owned()), ..german };
        assert_eq!(found(by_twilio).await, of(|n| n % 13 == 0));
    }
}

on_both!(
    the_ledger_is_audited_under_its_user_and_mode,
    the_use_of_a_code_is_noted_at_its_message_and_only_by_its_own_user,
    every_entry_of_the_ledger_is_kept_in_order,
    dead_messages_are_listed_newest_first_of_one_tenant_or_of_all,
    suppressed_destinations_are_listed_until_they_are_released,
    filters_and_pages,
);

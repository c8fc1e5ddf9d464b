//! Batches: whole or not at all, never a gap, never skipping.

use std::time::Duration;

use tokio::time::timeout;
use twofold_event_log::{EventLog, Seq};
use twofold_read_model::{ProjectError, rebuild};

use crate::dump::dump;
use crate::events::{request, suppression_event, tenant_event, user_event};
use crate::fresh::{Kind, fresh, on_both};
use crate::history::History;

async fn registered(users: u64) -> History {
    let mut history = History::new();
    for who in 0..users {
        history.user(0, who, &[user_event(0, who)]).await;
    }
    history
}

async fn every_event_has_exactly_one_audit_row_but_kept_answers(kind: Kind) {
    let mut history = History::new();
    let events: Vec<_> = (0..21).map(|which| user_event(which, 2)).collect();
    history.user(0, 1, &events).await;
    history.tenant(0, &[tenant_event(0, 1), tenant_event(6, 1)]).await;
    history.request(0, 1, request(1, 1)).await;
    history.tenant(0, &[9, 10, 11, 12].map(|which| tenant_event(which, 1))).await;
    history.suppression(0, 1, suppression_event(0, 1)).await;
    history.suppression(0, 1, suppression_event(2, 1)).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let rows = dump(&*fresh.store).await.audit;
    let kinds: Vec<_> = rows.iter().map(|row| row.kind.to_string()).collect();
    let mut expected: Vec<_> = events.iter().map(|event| event.name().to_owned()).collect();
    expected.retain(|kind| kind != "request.receipt_kept");
    expected.extend(["tenant.created", "tenant.suspended", "delivery.requested"].map(str::to_owned));
    let steering = ["channel.paused", "channel.resumed", "prefix.stopped", "prefix.released"];
    expected.extend(steering.into_iter().chain(["destination.suppressed", "destination.released"]).map(str::to_owned));
    assert_eq!(kinds, expected);
}

async fn an_unknown_event_stops_and_nothing_of_the_batch_is_projected(kind: Kind) {
    let mut history = registered(3).await;
    let good = history.all().await;
    let text = String::from_utf8(good[0].payload.to_vec()).unwrap().replace("user.registered", "user.levitated");
    let subject = twofold_event_log::Subject::user(0, &crate::events::tenant(0), &crate::events::user(9));
    history.append(subject, text.into()).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&good[..1]).await.unwrap();
    let before = dump(&*fresh.store).await;
    let error = fresh.store.apply(&history.all().await).await.unwrap_err();
    let ProjectError::UnknownEvent { seq, kind, version: _ } = &error else { panic!("{error:?}") };
    assert_eq!((*seq, kind.as_str()), (Seq(4), "user.levitated"));
    assert_eq!(dump(&*fresh.store).await, before);
    // What comes before it can still be projected, by a batch that ends there.
    assert_eq!(fresh.store.apply(&good).await.unwrap(), Seq(3));
}

async fn a_gap_is_refused_and_redelivery_is_harmless(kind: Kind) {
    let history = registered(5).await;
    let commits = history.all().await;
    let fresh = fresh(kind).await;
    let gap = ProjectError::Gap { expected: Seq(1), found: Seq(2) };
    assert_eq!(fresh.store.apply(&commits[1..]).await, Err(gap));
    let holed = [commits[0].clone(), commits[2].clone()];
    assert_eq!(fresh.store.apply(&holed).await, Err(ProjectError::Gap { expected: Seq(2), found: Seq(3) }));
    assert_eq!(fresh.store.apply(&commits).await, Ok(Seq(5)));
    let before = dump(&*fresh.store).await;
    assert_eq!(fresh.store.apply(&commits).await, Ok(Seq(5)));
    assert_eq!(fresh.store.apply(&commits[1..3]).await, Ok(Seq(5)));
    assert_eq!(fresh.store.apply(&[]).await, Ok(Seq(5)));
    assert_eq!(dump(&*fresh.store).await, before);
}

/// Kills the batch later and later: it is there as a whole or not at all. One that goes over a network begins with a
/// connection, which takes most of the time.
async fn a_batch_killed_anywhere_leaves_all_or_nothing(kind: Kind) {
    let history = registered(40).await;
    let commits = history.all().await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&commits[..20]).await.unwrap();
    let half = dump(&*fresh.store).await;
    let whole = {
        let other = crate::fresh::fresh(kind).await;
        other.store.apply(&commits).await.unwrap();
        dump(&*other.store).await
    };
    let step = Duration::from_micros(if kind == Kind::Sqlite { 200 } else { 4_000 });
    for steps in 0..5_000 {
        let killed = timeout(step * steps, fresh.store.apply(&commits)).await;
        let completed = killed.map(|applied| assert_eq!(applied, Ok(Seq(40)))).is_ok();
        let after = dump(&*fresh.store).await;
        if completed || after.checkpoint == Seq(40) {
            assert_eq!(after, whole);
            break;
        }
        assert_eq!(after, half, "killed after {steps} steps");
    }
    fresh.store.apply(&commits).await.unwrap();
    assert_eq!(dump(&*fresh.store).await, whole);
}

async fn waiting_ends_with_the_position_or_with_the_time(kind: Kind) {
    let history = registered(2).await;
    let commits = history.all().await;
    let fresh = fresh(kind).await;
    assert!(fresh.store.wait_for(Seq::ZERO, Duration::ZERO).await);
    assert!(!fresh.store.wait_for(Seq(1), Duration::from_millis(30)).await);
    let long = Duration::from_secs(10);
    let (seen, _) = tokio::join!(fresh.store.wait_for(Seq(2), long), fresh.store.apply(&commits));
    assert!(seen);
}

async fn another_process_is_waited_for_too(kind: Kind) {
    let history = registered(2).await;
    let commits = history.all().await;
    let fresh = fresh(kind).await;
    let other = fresh.again().await;
    let long = Duration::from_secs(10);
    let (seen, _) = tokio::join!(fresh.store.wait_for(Seq(2), long), other.apply(&commits));
    assert!(seen);
}

async fn a_rebuild_reports_progress_up_to_the_head(kind: Kind) {
    let history = registered(2_500).await;
    let fresh = fresh(kind).await;
    let mut steps = Vec::new();
    let at = rebuild(&history.log, &*fresh.store, &mut |progress| steps.push(progress.done)).await.unwrap();
    assert_eq!(at.position, history.log.head().await.unwrap());
    assert_eq!(steps, [1_000, 2_000, 2_500]);
}

on_both!(
    every_event_has_exactly_one_audit_row_but_kept_answers,
    an_unknown_event_stops_and_nothing_of_the_batch_is_projected,
    a_gap_is_refused_and_redelivery_is_harmless,
    a_batch_killed_anywhere_leaves_all_or_nothing,
    waiting_ends_with_the_position_or_with_the_time,
    another_process_is_waited_for_too,
    a_rebuild_reports_progress_up_to_the_head
);

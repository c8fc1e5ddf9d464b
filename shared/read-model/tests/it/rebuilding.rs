//! Rebuilding beside live traffic: what is live stays whole, and nothing is lost over the switch.

use std::sync::atomic::{AtomicBool, Ordering};

use twofold_domain::Mode;
use twofold_event_log::{EventLog as _, MemoryLog, Seq};
use twofold_read_model::{ReadStore, ReplayError, StoreError, UserFilter, UserPage, rebuild, verify};

use crate::dump::dump;
use crate::events::{request, tenant, tenant_event, user_event};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

const USERS: u64 = 60;

/// A store that has projected all of a log: 60 users with a message each, and a tenant.
async fn filled(kind: Kind) -> (History, Fresh) {
    let mut history = History::new();
    history.tenant(0, &[tenant_event(0, 0)]).await;
    for who in 0..USERS {
        history.user(0, who, &[user_event(0, who), user_event(12, who)]).await;
        history.request(0, who, request(who, who)).await;
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    (history, fresh)
}

async fn is_clean(history: &History, store: &dyn ReadStore) {
    let report = verify(&history.log, store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.position, history.log.head().await.unwrap());
}

async fn users_seen(store: &dyn ReadStore) -> usize {
    let page = UserPage { after: None, limit: 500 };
    let own = tenant(0);
    store.users(&own, Mode::Live, &UserFilter::default(), &page).await.unwrap().len()
}

async fn readers_and_a_projector_go_on_over_a_rebuild(kind: Kind) {
    let (mut history, fresh) = filled(kind).await;
    let (reader, projector) = (fresh.again().await, fresh.again().await);
    let log = history.log.clone();
    for round in 0..3_u64 {
        let rebuilt = AtomicBool::new(false);
        let rebuilding = async {
            let done = rebuild(&log, &*fresh.store, &mut |_| {}).await.unwrap();
            rebuilt.store(true, Ordering::SeqCst);
            done
        };
        let reading = async {
            let mut seen = Seq::ZERO;
            while !rebuilt.load(Ordering::SeqCst) {
                let now = reader.checkpoint().await.unwrap();
                assert!(now >= seen, "the checkpoint went back from {seen} to {now}");
                seen = now;
                assert!(users_seen(&*reader).await >= usize::try_from(USERS).unwrap());
                tokio::task::yield_now().await;
            }
        };
        let projecting = async {
            let mut position = projector.checkpoint().await.unwrap();
            let mut who = round * 1_000 + USERS;
            while !rebuilt.load(Ordering::SeqCst) {
                let seq = history.user(0, who, &[user_event(0, who)]).await;
                who += 1;
                let batch = history.log.read_all(position, 100).await.unwrap();
                position = projector.apply(&batch).await.unwrap();
                assert!(position >= seq);
            }
        };
        let (done, (), ()) = tokio::join!(rebuilding, reading, projecting);
        assert_eq!(done.differences, Some(0));
        assert!(done.position <= projector.checkpoint().await.unwrap());
        is_clean(&history, &*fresh.store).await;
    }
}

async fn what_was_damaged_is_counted_and_put_right(kind: Kind) {
    let (history, fresh) = filled(kind).await;
    fresh.execute("UPDATE users SET failures = '{}', position = 1 WHERE user_token LIKE '%aaaae'").await;
    fresh.execute("DELETE FROM deliveries WHERE request_seq = 3").await;
    fresh.execute("UPDATE audit SET reason = NULL, kind = 'user.registered'").await;
    fresh.execute("DELETE FROM tenants").await;
    fresh.execute("UPDATE users SET audit_seq = audit_seq - 1 WHERE user_token LIKE '%aaaai'").await;
    fresh.execute("UPDATE audit SET user_prev = 1 WHERE seq = 2 AND idx = 0").await;
    let damaged = rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap();
    // Of the audit the rows of tenant and messages, and of the users' the second of each commit.
    let audit = 1 + 2 * USERS;
    assert_eq!(damaged.differences, Some(2 + 1 + audit + 1 + 1));
    is_clean(&history, &*fresh.store).await;
    assert_eq!(rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap().differences, Some(0));
}

async fn a_rebuild_given_up_leaves_the_live_rows_and_the_next_one_starts_clean(kind: Kind) {
    let (history, fresh) = filled(kind).await;
    let before = dump(&*fresh.store).await;
    let commits = history.all().await;
    fresh.leave_remains_of_a_killed_rebuild().await;
    let mut given_up = fresh.store.begin_rebuild().await.unwrap();
    given_up.apply(&commits[..40]).await.unwrap();
    assert_eq!(dump(&*fresh.store).await, before);
    let mut held = {
        drop(given_up);
        fresh.store.begin_rebuild().await.unwrap()
    };
    held.apply(&commits[..10]).await.unwrap();
    assert_eq!(held.hold().await, Ok(before.checkpoint));
    drop(held);
    assert_eq!(dump(&*fresh.store).await, before);
    // Nobody is kept waiting any more.
    assert_eq!(fresh.store.apply(&commits).await, Ok(before.checkpoint));
    assert_eq!(rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap().differences, Some(0));
    assert_eq!(dump(&*fresh.store).await, before);
    assert_eq!(fresh.remains().await, 0);
}

async fn one_rebuild_at_a_time(kind: Kind) {
    let (history, fresh) = filled(kind).await;
    let other = fresh.again().await;
    let mut first = fresh.store.begin_rebuild().await.unwrap();
    let second = other.begin_rebuild().await.err();
    assert!(matches!(second, Some(StoreError::Unavailable(_))), "{second:?}");
    // And the first is none the worse for it.
    let commits = history.all().await;
    first.apply(&commits).await.unwrap();
    first.settle().await.unwrap();
    first.hold().await.unwrap();
    first.switch().await.unwrap();
    is_clean(&history, &*other).await;
}

async fn with_an_older_log_the_rows_become_those_of_that_log(kind: Kind) {
    let (_, fresh) = filled(kind).await;
    let mut older = History::new();
    for who in 0..5 {
        older.user(0, who, &[user_event(0, who)]).await;
    }
    let rebuilt = rebuild(&older.log, &*fresh.store, &mut |_| {}).await.unwrap();
    assert_eq!((rebuilt.position, rebuilt.differences), (Seq(5), None));
    is_clean(&older, &*fresh.store).await;
    assert_eq!(fresh.store.checkpoint().await, Ok(Seq(5)));
}

async fn a_log_that_cannot_be_folded_changes_nothing(kind: Kind) {
    let (mut history, fresh) = filled(kind).await;
    let before = dump(&*fresh.store).await;
    let text = String::from_utf8(history.all().await[1].payload.to_vec()).unwrap();
    let text = text.replace("user.registered", "user.levitated");
    let subject = twofold_event_log::Subject::user(0, &tenant(0), &crate::events::user(999));
    history.append(subject, text.into()).await;
    let failed = rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap_err();
    assert!(matches!(failed, ReplayError::Project(_)), "{failed:?}");
    assert_eq!(dump(&*fresh.store).await, before);
}

async fn an_empty_log_makes_an_empty_store(kind: Kind) {
    let fresh = fresh(kind).await;
    let rebuilt = rebuild(&MemoryLog::new(), &*fresh.store, &mut |_| {}).await.unwrap();
    assert_eq!((rebuilt.position, rebuilt.differences), (Seq::ZERO, Some(0)));
}

on_both!(
    readers_and_a_projector_go_on_over_a_rebuild,
    what_was_damaged_is_counted_and_put_right,
    a_rebuild_given_up_leaves_the_live_rows_and_the_next_one_starts_clean,
    one_rebuild_at_a_time,
    with_an_older_log_the_rows_become_those_of_that_log,
    a_log_that_cannot_be_folded_changes_nothing,
    an_empty_log_makes_an_empty_store,
);

//! Several projectors of one store.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::time::{sleep, timeout};
use twofold_event_log::{EventLog as _, Seq};
use twofold_read_model::{ProjectError, ReadModel, rebuild};

use crate::dump::dump;
use crate::events::{tenant, tenant_event, user, user_event};
use crate::fresh::{Kind, fresh, postgres_connection};
use crate::history::History;

async fn long_history() -> History {
    let mut history = History::new();
    history.tenant(0, &[tenant_event(0, 0)]).await;
    for n in 0..400 {
        let first = if n < 50 { user_event(0, n) } else { user_event(n % 19, n) };
        history.user(0, n % 50, &[first, user_event(12, n)]).await;
    }
    history
}

/// As a projector does it: reads what comes after its position and projects it.
async fn follow(history: &History, store: &ReadModel, portion: usize) {
    let head = history.log.head().await.unwrap();
    let mut position = store.checkpoint().await.unwrap();
    while position < head {
        let batch = history.log.read_all(position, portion).await.unwrap();
        position = store.apply(&batch).await.unwrap();
    }
}

#[tokio::test]
async fn any_number_of_projectors_make_the_same_rows_as_one() {
    let history = long_history().await;
    let shared = fresh(Kind::Postgres).await;
    let (second, third) = (shared.again().await, shared.again().await);
    tokio::join!(follow(&history, &shared.store, 7), follow(&history, &second, 11), follow(&history, &third, 3),);
    let alone = fresh(Kind::Sqlite).await;
    rebuild(&history.log, &*alone.store, &mut |_| {}).await.unwrap();
    assert_eq!(dump(&*shared.store).await, dump(&*alone.store).await);
}

/// Tables were empty when the statements were planned first, and nobody tells the database how large they have become.
#[tokio::test]
async fn users_are_looked_up_by_key_as_soon_as_there_are_many() {
    let mut history = History::new();
    for n in 0..6_000 {
        history.user(0, n, &[user_event(0, n)]).await;
    }
    for n in 0..100 {
        history.user(0, n, &[user_event(12, n)]).await;
    }
    let fresh = fresh(Kind::Postgres).await;
    let mut connection = postgres_connection(fresh.postgres_options()).await;
    sqlx::raw_sql("ALTER TABLE users SET (autovacuum_enabled = off)").execute(&mut connection).await.unwrap();
    let projector = fresh.again().await;
    for batch in history.all().await.chunks(200) {
        projector.apply(batch).await.unwrap();
    }
    // The server counts what a connection did for good when it ends.
    drop(projector);
    let counted = async {
        loop {
            let (scans, users) = scans(&mut connection).await;
            if users == 6_000 {
                break scans;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let scans = timeout(Duration::from_secs(30), counted).await.unwrap();
    // One for each batch would be 31.
    assert!(scans < 20, "{scans}");
}

/// How often all users were read, and how many were ever inserted.
async fn scans(connection: &mut PgConnection) -> (i64, i64) {
    let text = "SELECT seq_scan, n_tup_ins FROM pg_stat_user_tables \
                WHERE schemaname = current_schema() AND relname = 'users'";
    sqlx::query_as(text).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_projector_that_halts_keeps_nobody_out() {
    let mut history = long_history().await;
    let good = history.all().await;
    let text = String::from_utf8(good[1].payload.to_vec()).unwrap().replace("user.registered", "user.levitated");
    history.append(twofold_event_log::Subject::user(0, &tenant(0), &user(999)), text.into()).await;
    let shared = fresh(Kind::Postgres).await;
    let older_build = shared.again().await;
    let halted = older_build.apply(&history.all().await).await;
    assert!(matches!(halted, Err(ProjectError::UnknownEvent { .. })), "{halted:?}");
    let gap = older_build.apply(&good[5..]).await;
    assert!(matches!(gap, Err(ProjectError::Gap { .. })), "{gap:?}");
    assert_eq!(shared.store.apply(&good).await, Ok(Seq(401)));
}

#[tokio::test]
async fn those_who_wait_share_one_question_and_all_are_told() {
    let history = long_history().await;
    let shared = fresh(Kind::Postgres).await;
    let projector = shared.again().await;
    let long = Duration::from_secs(30);
    let waits = (1..=200).map(|seq| shared.store.wait_for(Seq(seq), long));
    let all = futures_util::future::join_all(waits);
    let (seen, ()) = tokio::join!(all, follow(&history, &projector, 20));
    assert!(seen.iter().all(|seen| *seen));
}

/// One waits long, one gives up early: the one that stays goes on asking.
#[tokio::test]
async fn one_that_gives_up_waiting_does_not_leave_the_others_without_an_answer() {
    let history = long_history().await;
    let shared = fresh(Kind::Postgres).await;
    let projector = shared.again().await;
    let patient = shared.store.wait_for(Seq(100), Duration::from_secs(30));
    let impatient = async {
        let first = timeout(Duration::from_millis(50), shared.store.wait_for(Seq(100), Duration::from_secs(30)));
        assert!(first.await.is_err());
        projector.apply(&history.all().await).await.unwrap();
    };
    let ((), seen) = tokio::join!(impatient, patient);
    assert!(seen);
}

#[tokio::test]
async fn one_of_several_has_the_claim_until_it_lets_go_or_is_gone() {
    let first = fresh(Kind::Postgres).await;
    let (second, third) = (first.again().await, first.again().await);
    assert_eq!(first.store.claim().await, Ok(true));
    assert_eq!((second.claim().await, third.claim().await), (Ok(false), Ok(false)));
    assert_eq!(first.store.claim().await, Ok(true), "it keeps what it has");
    first.store.disclaim().await;
    timeout(Duration::from_secs(10), async { while second.claim().await != Ok(true) {} }).await.expect("let go");
    assert_eq!(first.store.claim().await, Ok(false));
    // Its connections are closed as those of a process that died are.
    second.close().await;
    timeout(Duration::from_secs(10), async { while third.claim().await != Ok(true) {} }).await.expect("gone");
    assert_eq!(fresh(Kind::Sqlite).await.store.claim().await, Ok(true), "nobody else is there");
}

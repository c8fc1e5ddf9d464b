//! Live projection == rebuild, whatever happened and however it was cut (invariant 7).

use proptest::prelude::*;
use twofold_event_log::Seq;
use twofold_read_model::{VerifyOptions, rebuild, verify_with};

use crate::dump::dump;
use crate::events::{
    LEDGER_EVENTS, SUPPRESSION_EVENTS, TENANT_EVENTS, USER_EVENTS, ledger_event, request, suppression_event,
    tenant_event, used, user_event,
};
use crate::fresh::{Kind, fresh};
use crate::history::History;

/// What happens next.
#[derive(Debug, Clone)]
enum Happening {
    User {
        of: u64,
        who: u64,
        events: Vec<(u64, u64)>,
    },
    Tenant {
        of: u64,
        which: u64,
    },
    Request {
        of: u64,
        n: u64,
    },
    Ledger {
        of: u64,
        n: u64,
        which: u64,
    },
    Used {
        of: u64,
        n: u64,
    },
    Suppression {
        of: u64,
        destination: u8,
        which: u64,
    },
    /// Nothing for so many days.
    Pause {
        days: i64,
    },
}

/// What the projector does next.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// Projects so many commits, going back so many first.
    Apply { back: usize, count: usize },
    /// Opens the store again.
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    let events = proptest::collection::vec((0..USER_EVENTS, 0..50u64), 1..4);
    prop_oneof![
        6 => (0..2u64, 0..6u64, events).prop_map(|(of, who, events)| Happening::User { of, who, events }),
        1 => (0..2u64, 0..TENANT_EVENTS).prop_map(|(of, which)| Happening::Tenant { of, which }),
        2 => (0..2u64, 0..8u64).prop_map(|(of, n)| Happening::Request { of, n }),
        4 => (0..2u64, 0..8u64, 0..LEDGER_EVENTS).prop_map(|(of, n, which)| Happening::Ledger { of, n, which }),
        2 => (0..2u64, 0..8u64).prop_map(|(of, n)| Happening::Used { of, n }),
        1 => (0..2u64, 0..3u8, 0..SUPPRESSION_EVENTS)
            .prop_map(|(of, destination, which)| Happening::Suppression { of, destination, which }),
        1 => (10..30i64).prop_map(|days| Happening::Pause { days }),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        5 => (0..10usize, 1..20usize).prop_map(|(back, count)| Move::Apply { back, count }),
        1 => Just(Move::Restart),
    ]
}

async fn write(happenings: &[Happening]) -> History {
    let mut history = History::new();
    for (step, happening) in happenings.iter().enumerate() {
        // Sometimes the next hour, sometimes a clock that went back.
        history.at.0 += [1, 1, 1_800_000, -2_000_000][step % 4];
        match happening {
            Happening::User { of, who, events } => {
                let mut events: Vec<_> = events.iter().map(|(which, n)| user_event(*which, *n)).collect();
                if step % 3 == 0 {
                    events.insert(0, user_event(0, *who));
                }
                history.user(*of, *who, &events).await;
            }
            Happening::Tenant { of, which } => drop(history.tenant(*of, &[tenant_event(*which, *of)]).await),
            Happening::Request { of, n } => drop(history.request(*of, *n, request(*n, n % 6)).await),
            Happening::Ledger { of, n, which } => drop(history.ledger(*of, *n, ledger_event(*which, 1)).await),
            Happening::Used { of, n } => drop(history.user(*of, n % 6, &[used(*n)]).await),
            Happening::Suppression { of, destination, which } => {
                history.suppression(*of, *destination, suppression_event(*which, 1)).await;
            }
            Happening::Pause { days } => history.at.0 += days * 24 * 3_600_000,
        }
    }
    history
}

async fn live_equals_rebuilt(kind: Kind, happenings: &[Happening], moves: &[Move]) {
    let history = write(happenings).await;
    let commits = history.all().await;
    let mut live = fresh(kind).await;
    let mut done = 0_usize;
    for next in moves.iter().copied().chain([Move::Apply { back: 3, count: usize::MAX }]) {
        match next {
            Move::Apply { back, count } => {
                let start = done.saturating_sub(back);
                let end = done.saturating_add(count).min(commits.len());
                let at = live.store.apply(&commits[start..end]).await.unwrap();
                assert_eq!(at, Seq(end as u64));
                done = end;
            }
            Move::Restart => {
                live.store.close().await;
                live.store = live.again().await;
            }
        }
    }
    let rebuilt = fresh(kind).await;
    rebuild(&history.log, &*rebuilt.store, &mut |_| {}).await.unwrap();
    assert_eq!(dump(&*live.store).await, dump(&*rebuilt.store).await);

    let options = VerifyOptions { rows_in_memory: 2, ..VerifyOptions::default() };
    let report = verify_with(&history.log, &*live.store, options, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

fn on(kind: Kind, happenings: &[Happening], moves: &[Move]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(live_equals_rebuilt(kind, happenings, moves));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn live_projection_is_the_rebuilt_one_in_sqlite(
        happenings in proptest::collection::vec(happening(), 1..80),
        moves in proptest::collection::vec(a_move(), 0..12),
    ) {
        on(Kind::Sqlite, &happenings, &moves);
    }

    #[test]
    fn live_projection_is_the_rebuilt_one_in_postgres(
        happenings in proptest::collection::vec(happening(), 1..80),
        moves in proptest::collection::vec(a_move(), 0..12),
    ) {
        on(Kind::Postgres, &happenings, &moves);
    }
}

//! Cursors: complete, without duplicates, while new rows come in.

use futures_util::TryStreamExt as _;
use twofold_domain::Mode;
use twofold_read_model::{AuditFilter, AuditRow, Page, UserFilter, UserPage, audit_export};

use crate::events::{tenant, tenant_event, user_event};
use crate::fresh::{Kind, fresh, on_both};
use crate::history::History;

async fn grow(history: &mut History, by: u64) {
    for n in 0..by {
        if n % 5 == 4 {
            history.tenant(0, &[tenant_event(6, 0), tenant_event(7, 0)]).await;
        }
        history.user(0, n % 7, &[user_event(11, n), user_event(12, n), user_event(3, n)]).await;
    }
}

fn keys(rows: &[AuditRow]) -> Vec<(u64, u32)> {
    rows.iter().map(|row| (row.seq.0, row.idx)).collect()
}

async fn audit_pages_join_up_while_rows_come_in(kind: Kind) {
    let mut history = History::new();
    for who in 0..7 {
        history.user(0, who, &[user_event(0, who)]).await;
    }
    grow(&mut history, 40).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    for newest_first in [false, true] {
        let known = fresh.store.checkpoint().await.unwrap();
        let mut seen: Vec<AuditRow> = Vec::new();
        loop {
            // Seven rows a page: commits of three are cut in the middle.
            let after = seen.last().map(|row| (row.seq, row.idx));
            let page = Page { after, limit: 7, newest_first };
            let rows = fresh.store.audit(&tenant(0), Mode::Live, &AuditFilter::default(), page).await.unwrap();
            if rows.is_empty() || seen.len() > 1_000 {
                break;
            }
            seen.extend(rows);
            if seen.len() < 150 {
                grow(&mut history, 2).await;
                fresh.store.apply(&history.all().await).await.unwrap();
            }
        }
        seen.retain(|row| row.seq <= known);
        if newest_first {
            seen.reverse();
        }
        let all = crate::dump::dump(&*fresh.store).await.audit;
        let expected: Vec<_> = all.into_iter().filter(|row| row.seq <= known).collect();
        assert_eq!(keys(&seen), keys(&expected), "newest first: {newest_first}");
    }
}

async fn an_export_has_everything_in_order(kind: Kind) {
    let mut history = History::new();
    history.user(0, 0, &[user_event(0, 0)]).await;
    for n in 0..700 {
        history.user(0, 0, &[user_event(3, n), user_event(2, n)]).await;
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let own = tenant(0);
    let filter = AuditFilter { kinds: vec!["user.toggle_right_set".to_owned()], ..AuditFilter::default() };
    for newest_first in [false, true] {
        let export = audit_export(&*fresh.store, &own, Mode::Live, &filter, newest_first);
        let mut rows: Vec<AuditRow> = export.try_collect().await.unwrap();
        if newest_first {
            rows.reverse();
        }
        assert_eq!(keys(&rows), (2..702).map(|seq| (seq, 0)).collect::<Vec<_>>());
    }
}

async fn user_pages_join_up_and_limits_hold(kind: Kind) {
    let mut history = History::new();
    for who in 0..620 {
        history.user(0, who, &[user_event(0, who)]).await;
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let mut tokens = Vec::new();
    loop {
        let page = UserPage { after: tokens.last().cloned(), limit: usize::MAX };
        let rows = fresh.store.users(&tenant(0), Mode::Live, &UserFilter::default(), &page).await.unwrap();
        if rows.is_empty() {
            break;
        }
        assert!(rows.len() <= twofold_read_model::MAX_PAGE_ROWS);
        tokens.extend(rows.into_iter().map(|row| row.user));
    }
    assert_eq!(tokens.len(), 620);
    assert!(tokens.is_sorted_by(|a, b| a < b));
}

on_both!(audit_pages_join_up_while_rows_come_in, an_export_has_everything_in_order, user_pages_join_up_and_limits_hold);

//! One user's audit, along his chain: the rows a plain search finds, wherever a page starts.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use twofold_domain::actor::ActorKind;
use twofold_domain::{Mode, Timestamp};
use twofold_event_log::Seq;
use twofold_read_model::{AuditFilter, AuditRow, Page, verify};

use crate::audit_filters::{START, check, filter, matches};
use crate::dump::{Dump, dump};
use crate::events::{ledger_event, request, tenant, tenant_event, user, user_event};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

/// Commits: more about the first user than two of the largest portions.
const COMMITS: u64 = 1_200;

/// Two tenants with the same users. Messages to the first user are seven times commits with nothing else about him.
async fn long(kind: Kind) -> (History, Fresh, Dump) {
    let mut history = History::new();
    let actors = [ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System];
    for of in 0..2 {
        for who in 0..4 {
            history.user(of, who, &[user_event(0, who)]).await;
        }
    }
    for n in 0..COMMITS {
        // As far apart as the filters' times are, and now and then three hours back.
        let hour = n.cast_signed() / 4 - if n % 19 == 0 { 6 } else { 0 };
        history.at = Timestamp(START + hour * 1_800_000);
        history.actor = actors[usize::try_from(n % 4).unwrap()];
        history.actor_token = n.is_multiple_of(3).then_some(n % 5);
        history.request_id = (n % 7 > 0).then(|| format!("req_{}", n / 16));
        match n % 12 {
            0 => drop(history.tenant(0, &[tenant_event(n, 0)]).await),
            1 => drop(history.request(0, n, request(n, 0)).await),
            2 => drop(history.ledger(0, n - 1, ledger_event(n / 12, 1)).await),
            // A kept answer has no row, here first and there alone.
            3 => drop(history.user(0, 0, &[user_event(19, n), user_event(11, n)]).await),
            4 => drop(history.user(0, 0, &[user_event(19, n)]).await),
            5 => drop(history.user(1, 0, &[user_event(12, n)]).await),
            6 => drop(history.user(0, 1 + n % 3, &[user_event(12, n), user_event(13, n)]).await),
            _ => drop(history.user(0, 0, &[user_event(12, n), user_event(n % 18 + 2, n)]).await),
        }
    }
    let fresh = fresh(kind).await;
    // Batches small and large: in some a message's user appears by the message alone.
    let commits = history.all().await;
    let (mut done, mut sizes) = (0, [1, 2, 5, 77].into_iter().cycle());
    while done < commits.len() {
        let end = (done + sizes.next().unwrap()).min(commits.len());
        fresh.store.apply(&commits[done..end]).await.unwrap();
        done = end;
    }
    let dump = dump(&*fresh.store).await;
    (history, fresh, dump)
}

fn of_user(who: u64) -> AuditFilter {
    AuditFilter { user: Some(user(who)), ..AuditFilter::default() }
}

async fn filters_find_what_a_plain_search_finds(kind: Kind) {
    let (_, fresh, dump) = long(kind).await;
    let about = dump.audit.iter().filter(|row| matches(row, Mode::Live, &of_user(0)));
    let commits = about.map(|row| row.seq).collect::<std::collections::BTreeSet<_>>().len();
    assert!(commits > 600, "{commits}");
    for newest_first in [false, true] {
        for limit in [7, 100, 500] {
            check(&fresh, &dump, Mode::Live, &of_user(0), newest_first, limit).await;
        }
    }
    let mode = prop_oneof![4 => Just(Mode::Live), 1 => Just(Mode::Test)];
    let cases = (filter(), prop_oneof![4 => Just(0), 1 => 1..5u64], mode, any::<bool>(), 20..200usize);
    let mut runner = TestRunner::deterministic();
    for _ in 0..120 {
        let (filter, who, mode, newest_first, limit) = cases.new_tree(&mut runner).unwrap().current();
        let filter = AuditFilter { user: Some(user(who)), ..filter };
        check(&fresh, &dump, mode, &filter, newest_first, limit).await;
    }
}

/// The page as a plain search has it.
fn page_of(dump: &Dump, filter: &AuditFilter, page: Page) -> Vec<AuditRow> {
    let after = page.after.unwrap();
    let beyond = |row: &&AuditRow| {
        let key = (row.seq, row.idx);
        if page.newest_first { key < after } else { key > after }
    };
    let mut rows: Vec<_> =
        dump.audit.iter().filter(|row| matches(row, Mode::Live, filter)).filter(beyond).cloned().collect();
    if page.newest_first {
        rows.reverse();
    }
    rows.truncate(page.limit);
    rows
}

/// Somebody else's commits, a tenant's, places that are none, and what lies beyond the log.
async fn any_cursor_leads_to_the_rows_beyond_it(kind: Kind) {
    let (_, fresh, dump) = long(kind).await;
    let last = dump.checkpoint.0;
    let places = (0..40).map(|n| n * 29 % last).chain([0, 1, last - 1, last, last + 1, u64::MAX]);
    for (place, idx) in places.flat_map(|place| [(place, 0), (place, 1), (place, u32::MAX)]) {
        for newest_first in [false, true] {
            let page = Page { after: Some((Seq(place), idx)), limit: 20, newest_first };
            let rows = fresh.store.audit(&tenant(0), Mode::Live, &of_user(0), page).await.unwrap();
            assert_eq!(rows, page_of(&dump, &of_user(0), page), "{page:?}");
        }
    }
}

async fn another_tenants_user_has_no_rows(kind: Kind) {
    let mut history = History::new();
    history.user(0, 0, &[user_event(0, 0)]).await;
    let newest = history.request(0, 1, request(1, 0)).await;
    history.user(1, 1, &[user_event(0, 1)]).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    for newest_first in [false, true] {
        for after in [None, Some((newest, 0)), Some((newest, u32::MAX)), Some((Seq(1), 0))] {
            for who in [0, 5] {
                let page = Page { after, limit: 20, newest_first };
                let rows = fresh.store.audit(&tenant(1), Mode::Live, &of_user(who), page).await.unwrap();
                assert_eq!(rows, [], "{page:?}");
            }
        }
    }
}

/// What nobody writes: messages to users nobody has registered, or not yet.
async fn messages_to_an_unknown_user_are_found(kind: Kind) {
    let mut history = History::new();
    history.user(0, 0, &[user_event(12, 0)]).await;
    for n in [1, 8, 3, 9] {
        history.request(0, n, request(n, n % 2)).await;
    }
    history.user(0, 0, &[user_event(12, 1), user_event(0, 0)]).await;
    history.ledger(0, 8, ledger_event(1, 1)).await;
    history.ledger(0, 1, ledger_event(1, 1)).await;
    history.request(0, 2, request(2, 0)).await;
    let fresh = fresh(kind).await;
    for end in 1..=9 {
        fresh.store.apply(&history.all().await[..end]).await.unwrap();
        let dump = dump(&*fresh.store).await;
        for filter in [of_user(0), of_user(1), AuditFilter { actor: Some(ActorKind::User), ..of_user(0) }] {
            for (newest_first, limit) in [(false, 2), (true, 2), (false, 50), (true, 50)] {
                check(&fresh, &dump, Mode::Live, &filter, newest_first, limit).await;
            }
        }
    }
    let report = verify(&history.log, &*fresh.store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

async fn an_erased_user_keeps_his_chain(kind: Kind) {
    let mut history = History::new();
    history.user(0, 0, &[user_event(0, 0)]).await;
    history.user(0, 0, &[user_event(12, 0)]).await;
    history.user(0, 0, &[user_event(20, 0)]).await;
    history.user(0, 0, &[user_event(0, 0)]).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let dump = dump(&*fresh.store).await;
    let links: Vec<_> = dump.audit.iter().map(|row| row.user_prev).collect();
    assert_eq!(links, [Some(Seq(0)), Some(Seq(1)), Some(Seq(2)), Some(Seq(3))]);
    check(&fresh, &dump, Mode::Live, &of_user(0), true, 2).await;
}

/// Nothing writes such rows; a query must end all the same.
async fn a_chain_that_leads_in_a_circle_ends(kind: Kind) {
    let mut history = History::new();
    history.user(0, 0, &[user_event(0, 0)]).await;
    for n in 0..30 {
        history.user(0, 0, &[user_event(12, n)]).await;
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    for place in [9, 24, 31] {
        fresh.execute(&format!("UPDATE audit SET user_prev = 31 WHERE seq = {place}")).await;
        for newest_first in [false, true] {
            let page = Page { after: None, limit: 40, newest_first };
            let rows = fresh.store.audit(&tenant(0), Mode::Live, &of_user(0), page).await.unwrap();
            assert!(rows.len() <= 31, "{rows:?}");
        }
    }
}

on_both!(
    filters_find_what_a_plain_search_finds,
    any_cursor_leads_to_the_rows_beyond_it,
    another_tenants_user_has_no_rows,
    messages_to_an_unknown_user_are_found,
    an_erased_user_keeps_his_chain,
    a_chain_that_leads_in_a_circle_ends,
);

//! Every filter against a plain search through all rows.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use twofold_domain::actor::ActorKind;
use twofold_domain::{Mode, Timestamp};
use twofold_read_model::projection::outcome_kinds;
use twofold_read_model::{AuditFilter, AuditRow, Outcome, Page};

use crate::dump::{Dump, dump};
use crate::events::{ledger_event, request, tenant, tenant_event, user, user_event};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

pub const START: i64 = 1_790_000_000_000;

async fn filled(kind: Kind) -> (Fresh, Dump) {
    let mut history = History::new();
    let actors = [ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System];
    for n in 0..300_u64 {
        // Half an hour on; now and then an hour back.
        history.at = Timestamp(START + (n.cast_signed() - if n % 9 == 0 { 3 } else { 0 }) * 1_800_000);
        history.actor = actors[usize::try_from(n % 4).unwrap()];
        history.actor_token = n.is_multiple_of(3).then_some(n % 5);
        history.request_id = (n % 7 > 0).then(|| format!("req_{}", n / 4));
        let of = u64::from(n % 11 == 0);
        match n % 10 {
            0 => drop(history.tenant(of, &[tenant_event(n / 10, n)]).await),
            1 => drop(history.request(0, n, request(n, n % 5)).await),
            2 => drop(history.ledger(0, n - 1, ledger_event(n / 10, 1)).await),
            _ => {
                let first = if n < 60 { user_event(0, n) } else { user_event(11, n) };
                history.user(of, n % 5, &[first, user_event(n % 19, n), user_event(12, n)]).await;
            }
        }
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let dump = dump(&*fresh.store).await;
    (fresh, dump)
}

pub fn matches(row: &AuditRow, mode: Mode, filter: &AuditFilter) -> bool {
    let AuditFilter { user, actor, actor_token, kinds, from, to, request_id, outcome } = filter;
    row.tenant == tenant(0)
        && (row.mode == Some(mode) || (row.mode.is_none() && user.is_none()))
        && user.as_ref().is_none_or(|user| row.user.as_ref() == Some(user))
        && actor.is_none_or(|actor| row.actor == actor)
        && actor_token.as_ref().is_none_or(|token| row.actor_token.as_ref() == Some(token))
        && (kinds.is_empty() || kinds.iter().any(|kind| *kind == row.kind))
        && from.is_none_or(|from| row.at >= from)
        && to.is_none_or(|to| row.at < to)
        && request_id.as_ref().is_none_or(|id| row.request_id.as_ref() == Some(id))
        && outcome.is_none_or(|outcome| outcome_kinds(outcome).contains(&&*row.kind))
}

pub fn filter() -> impl Strategy<Value = AuditFilter> {
    let kinds =
        ["user.registered", "tenant.created", "api_key.created", "verification.failed", "delivery.dead", "no.such"];
    let actor = prop_oneof![
        Just(ActorKind::User),
        Just(ActorKind::AccountAdmin),
        Just(ActorKind::Support),
        Just(ActorKind::System)
    ];
    let time = || proptest::option::weighted(0.3, (-5..320i64).prop_map(|n| Timestamp(START + n * 1_800_000)));
    (
        proptest::option::weighted(0.3, (0..6u64).prop_map(user)),
        proptest::option::weighted(0.3, actor),
        proptest::option::weighted(0.2, (0..6u64).prop_map(user)),
        prop_oneof![2 => Just(Vec::new()), 1 => proptest::collection::vec(proptest::sample::select(kinds.to_vec()), 1..4)],
        (time(), time()),
        proptest::option::weighted(0.2, (0..80u64).prop_map(|n| format!("req_{n}"))),
        proptest::option::weighted(0.2, prop_oneof![Just(Outcome::Success), Just(Outcome::Failure)]),
    )
        .prop_map(|(user, actor, actor_token, kinds, (from, to), request_id, outcome)| AuditFilter {
            user,
            actor,
            actor_token,
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            from,
            to,
            request_id,
            outcome,
        })
}

pub async fn check(fresh: &Fresh, dump: &Dump, mode: Mode, filter: &AuditFilter, newest_first: bool, limit: usize) {
    let mut found: Vec<AuditRow> = Vec::new();
    loop {
        let after = found.last().map(|row| (row.seq, row.idx));
        let page = Page { after, limit, newest_first };
        let rows = fresh.store.audit(&tenant(0), mode, filter, page).await.unwrap();
        let full = rows.len() == limit;
        found.extend(rows);
        if !full {
            break;
        }
    }
    if newest_first {
        found.reverse();
    }
    // Users' events of unregistered users have no mode; none of the samples leads there.
    let expected: Vec<_> = dump.audit.iter().filter(|row| matches(row, mode, filter)).cloned().collect();
    assert_eq!(found, expected, "{mode:?} {filter:?}");
}

async fn every_filter_finds_what_a_plain_search_finds(kind: Kind) {
    let (fresh, dump) = filled(kind).await;
    let mode = prop_oneof![3 => Just(Mode::Live), 1 => Just(Mode::Test)];
    let cases = (filter(), mode, any::<bool>(), 5..60usize);
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        let (filter, mode, newest_first, limit) = cases.new_tree(&mut runner).unwrap().current();
        check(&fresh, &dump, mode, &filter, newest_first, limit).await;
    }
}

on_both!(every_filter_finds_what_a_plain_search_finds);

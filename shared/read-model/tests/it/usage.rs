//! Figures of deliveries: sums over the messages, by the hour in which they were requested.

use twofold_domain::{Mode, Timestamp};
use twofold_read_model::{DeliveryFilter, DeliveryPage, UsageBy, UsageCounts, UsageQuery, UsageRow, rebuild, verify};

use crate::dump::dump;
use crate::events::{ledger_event, request, tenant, used};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

const HOUR: i64 = 3_600_000;

fn query(by: &[UsageBy]) -> UsageQuery {
    UsageQuery { since: Timestamp(0), tenant: None, by: by.to_vec(), limit: 100 }
}

async fn stats(fresh: &Fresh, query: UsageQuery) -> Vec<UsageRow> {
    fresh.store.delivery_stats(&query).await.unwrap()
}

/// Two tenants; messages taken by a provider after two seconds, dead ones, used ones.
async fn busy() -> History {
    let mut history = History::new();
    for n in 1..=30 {
        history.at.0 += HOUR / 10;
        history.request(n % 2, n, request(n, n)).await;
        history.at.0 += 2_000;
        match n % 5 {
            0 => history.ledger(n % 2, n, ledger_event(3, 1)).await,
            1 => history.ledger(n % 2, n, ledger_event(4, 0)).await,
            2 => history.ledger(n % 2, n, ledger_event(0, 1)).await,
            _ => history.ledger(n % 2, n, ledger_event(1, 1)).await,
        };
        match n % 7 {
            3 | 4 => drop(history.user(n % 2, n, &[used(n)]).await),
            5 => drop(history.ledger(n % 2, n, ledger_event(6, 0)).await),
            6 => drop(history.ledger(n % 2, n, ledger_event(7, 0)).await),
            _ => {}
        }
    }
    history
}

async fn the_figures_are_what_the_messages_say(kind: Kind) {
    let history = busy().await;
    let fresh = fresh(kind).await;
    for commits in history.all().await.chunks(4) {
        fresh.store.apply(commits).await.unwrap();
    }
    let mut rows = Vec::new();
    for of in 0..2 {
        for mode in [Mode::Live, Mode::Test] {
            let page = DeliveryPage { after: None, limit: 500, newest_first: false };
            let found = fresh.store.deliveries(&tenant(of), mode, &DeliveryFilter::default(), page).await.unwrap();
            rows.extend(found);
        }
    }
    assert_eq!(rows.len(), 30);
    let count = |keep: &dyn Fn(&&twofold_read_model::DeliveryRow) -> bool| -> i64 {
        rows.iter().filter(keep).count().try_into().unwrap()
    };
    let accepted = count(&|row| row.accepted_at.is_some());
    let expected = UsageCounts {
        requested: 30,
        accepted,
        delivered: count(&|row| row.delivered_at.is_some()),
        bounced: count(&|row| row.status.name() == "bounced"),
        dead: count(&|row| row.status.name() == "dead"),
        expired: count(&|row| row.status.name() == "expired"),
        used: count(&|row| row.used_at.is_some()),
        latency_ms: accepted * 2_000,
    };
    assert!(expected.members().iter().all(|member| *member > 0), "{expected:?}");
    let all = stats(&fresh, query(&[])).await;
    assert_eq!(all.iter().map(|row| row.counts).collect::<Vec<_>>(), [expected]);
    assert_eq!((&all[0].tenant, &all[0].provider, all[0].hour), (&None, &None, None));
    assert!(verify(&history.log, &*fresh.store, &mut |_| {}).await.unwrap().is_clean());
}

async fn figures_are_told_apart_as_asked_and_add_up(kind: Kind) {
    let history = busy().await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    for by in UsageBy::ALL {
        let lines = stats(&fresh, query(&[by])).await;
        assert_eq!(lines.iter().map(|line| line.counts.requested).sum::<i64>(), 30, "{by:?}");
        assert!(lines.len() > 1 && lines.is_sorted_by_key(|line| -line.counts.requested), "{by:?}: {lines:?}");
    }
    let lines = stats(&fresh, query(&[UsageBy::Provider, UsageBy::Country])).await;
    let named: Vec<_> = lines
        .iter()
        .map(|line| (line.provider.as_deref().unwrap(), line.country.as_deref().unwrap(), line.tenant.is_none()))
        .collect();
    // Where a provider's own word is all there is, nobody has said whereto.
    let expected = [("", "", true), ("relay", "", true), ("twilio", "", true), ("twilio", "DE", true)];
    assert!(named.len() == 4 && expected.iter().all(|line| named.contains(line)), "{named:?}");
    let own = UsageQuery { tenant: Some(tenant(1)), ..query(&[UsageBy::Tenant]) };
    let lines = stats(&fresh, own).await;
    assert_eq!((lines.len(), &lines[0].tenant, lines[0].counts.requested), (1, &Some(tenant(1)), 15));
    let hours = stats(&fresh, query(&[UsageBy::Hour])).await;
    let middle = hours.iter().filter_map(|line| line.hour).nth(1).unwrap();
    let later = UsageQuery { since: Timestamp(middle.0 + 1_000), ..query(&[UsageBy::Hour]) };
    let lines = stats(&fresh, later).await;
    assert_eq!(lines.len(), hours.iter().filter(|line| line.hour >= Some(middle)).count());
    assert_eq!(stats(&fresh, UsageQuery { limit: 1, ..query(&[UsageBy::Hour]) }).await.len(), 1);
    let never = UsageQuery { since: Timestamp(history.at.0 + 2 * HOUR), ..query(&[]) };
    assert_eq!(stats(&fresh, never).await, []);
}

/// The hour of a message counts, also for what happens to it weeks later; and after 40 days nothing does.
async fn figures_are_forgotten_after_forty_days_and_a_rebuild_forgets_the_same(kind: Kind) {
    let mut history = History::new();
    let start = history.at;
    history.request(0, 1, request(1, 1)).await;
    history.ledger(0, 1, ledger_event(1, 1)).await;
    history.at.0 += 39 * 24 * HOUR;
    history.request(0, 2, request(2, 1)).await;
    history.ledger(0, 1, ledger_event(6, 0)).await;
    let live = fresh(kind).await;
    live.store.apply(&history.all().await).await.unwrap();
    let hours = async |fresh: &Fresh| -> Vec<_> {
        let lines = stats(fresh, query(&[UsageBy::Hour])).await;
        lines.iter().map(|line| (line.hour.unwrap().0 / HOUR, line.counts.delivered)).collect()
    };
    let mut expected = [(start.0 / HOUR, 1), (history.at.0 / HOUR, 0)];
    expected.sort_unstable();
    assert_eq!(hours(&live).await, expected);
    history.at.0 += 2 * 24 * HOUR;
    history.ledger(0, 2, ledger_event(1, 1)).await;
    live.store.apply(&history.all().await).await.unwrap();
    assert_eq!(hours(&live).await, expected[1..]);
    // What comes too late makes no hour of its own.
    history.user(0, 1, &[used(1)]).await;
    live.store.apply(&history.all().await).await.unwrap();
    assert_eq!(hours(&live).await, expected[1..]);
    assert!(verify(&history.log, &*live.store, &mut |_| {}).await.unwrap().is_clean());
    let before = dump(&*live.store).await;
    assert_eq!(rebuild(&history.log, &*live.store, &mut |_| {}).await.unwrap().differences, Some(0));
    assert_eq!(dump(&*live.store).await, before);
}

#[test]
fn conversion_is_the_share_of_accepted_messages_whose_code_was_used() {
    let counts = UsageCounts { accepted: 4, used: 1, ..UsageCounts::default() };
    assert_eq!((counts.conversion(), UsageCounts::default().conversion()), (Some(0.25), None));
}

on_both!(
    the_figures_are_what_the_messages_say,
    figures_are_told_apart_as_asked_and_add_up,
    figures_are_forgotten_after_forty_days_and_a_rebuild_forgets_the_same,
);

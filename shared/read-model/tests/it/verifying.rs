//! Comparing finds what was tampered with, and nothing else.

use twofold_event_log::{MemoryLog, Seq};
use twofold_read_model::{Difference, ReplayError, VerifyReport, verify};

use crate::events::{ledger_event, message, request, suppression_event, tenant, tenant_event, user, user_event};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

async fn filled(kind: Kind) -> (History, Fresh) {
    let mut history = History::new();
    history.tenant(0, &[tenant_event(0, 0)]).await;
    for who in 0..30 {
        history.user(0, who, &[user_event(0, who), user_event(12, who)]).await;
        history.request(0, who, request(who, who)).await;
    }
    history.ledger(0, 4, ledger_event(0, 1)).await;
    history.suppression(0, 5, suppression_event(0, 4)).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    (history, fresh)
}

async fn tampered(kind: Kind, statement: &str) -> VerifyReport {
    let (history, fresh) = filled(kind).await;
    fresh.execute(statement).await;
    verify(&history.log, &*fresh.store, &mut |_| {}).await.unwrap()
}

async fn an_untouched_store_is_clean_also_when_it_is_behind(kind: Kind) {
    let (mut history, fresh) = filled(kind).await;
    history.user(0, 1, &[user_event(3, 1)]).await;
    let mut done = 0;
    let report = verify(&history.log, &*fresh.store, &mut |progress| done = progress.done).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.position, report.users, report.deliveries, report.audit_rows), (Seq(63), 30, 30, 93));
    assert_eq!(done, 63);
}

async fn changed_missing_and_invented_rows_are_named(kind: Kind) {
    let report = tampered(kind, "UPDATE users SET failures = '{}' WHERE user_token LIKE '%aaaae'").await;
    let Difference::User(of, _) = &report.differences[0] else { panic!("{report:?}") };
    assert_eq!((of, report.differences.len()), (&tenant(0), 1));

    let report = tampered(kind, "DELETE FROM users").await;
    assert_eq!(report.differences.len(), 30);
    assert!(report.differences.contains(&Difference::User(tenant(0), user(7))));

    let report = tampered(kind, "DELETE FROM deliveries WHERE request_seq = 3").await;
    assert_eq!(report.differences, [Difference::Delivery(message(0))]);

    for statement in ["DELETE FROM delivery_attempts", "UPDATE delivery_attempts SET cause = 'another'"] {
        assert_eq!(tampered(kind, statement).await.differences, [Difference::Delivery(message(4))]);
    }
    let hour = 1_790_000_000_000 / 3_600_000;
    let report =
        tampered(kind, "UPDATE delivery_usage SET used = used + 1 WHERE channel = 'sms' AND mode = 'test'").await;
    assert_eq!(report.differences, [Difference::Usage(tenant(0), hour)]);
    let report = tampered(kind, "DELETE FROM suppressions").await;
    assert_eq!(report.differences, [Difference::Suppression(tenant(0), "05".repeat(32))]);

    let report = tampered(kind, "UPDATE tenants SET suspended = 1").await;
    assert_eq!(report.differences, [Difference::Tenant(tenant(0))]);

    let report = tampered(kind, "UPDATE audit SET reason = 'expired' WHERE seq = 4 AND idx = 1").await;
    assert_eq!(report.differences, [Difference::Audit(Seq(0), Seq(63))]);

    // Of user 2 commits 6 and 7, the second the request of a message to him.
    for statement in ["UPDATE audit SET user_prev = 5 WHERE seq = 7", "UPDATE audit SET user_prev = NULL WHERE seq = 7"]
    {
        assert_eq!(tampered(kind, statement).await.differences, [Difference::Audit(Seq(7), Seq(7))]);
    }
    let report = tampered(kind, "UPDATE users SET audit_seq = 6 WHERE audit_seq = 7").await;
    assert_eq!(report.differences, [Difference::User(tenant(0), user(2))]);

    let report = tampered(kind, "DELETE FROM audit_hours").await;
    assert_eq!(report.differences.len(), 1);
}

async fn a_log_that_is_shorter_is_another_log(kind: Kind) {
    let (_history, fresh) = filled(kind).await;
    let error = verify(&MemoryLog::new(), &*fresh.store, &mut |_| {}).await.unwrap_err();
    assert_eq!(error, ReplayError::AheadOfLog { head: Seq(0), checkpoint: Seq(63) });
}

on_both!(
    an_untouched_store_is_clean_also_when_it_is_behind,
    changed_missing_and_invented_rows_are_named,
    a_log_that_is_shorter_is_another_log
);

//! Users: the fold and its filters.

use twofold_domain::user::{FailureReason, Lock, Purpose, Target, UserEvent};
use twofold_domain::{EnrolmentId, FactorId, FactorKind, Method, Mode, Timestamp};
use twofold_read_model::{LockedAt, UserFilter, UserPage, UserRow};

use crate::events::{account, bytes, profile, tenant, user, user_event};
use crate::fresh::{Kind, fresh, on_both};
use crate::history::History;

fn row() -> UserRow {
    UserRow::registered(tenant(0), user(1), &profile(2), Timestamp(1))
}

fn confirmed(method: Method, factor: u64) -> UserEvent {
    UserEvent::EnrolmentConfirmed {
        enrolment: EnrolmentId::from_bytes(bytes(1)),
        factor: FactorId::from_bytes(bytes(factor)),
        method,
        step: None,
        message: None,
    }
}

fn failed(kind: FactorKind, counted: bool) -> UserEvent {
    UserEvent::VerificationFailed {
        purpose: Purpose::Login,
        target: Target::Direct,
        kind,
        reason: FailureReason::WrongCode,
        counted,
        drift_steps: None,
    }
}

#[test]
fn enabled_follows_factors_and_switch() {
    let mut row = row();
    row.apply(&confirmed(Method::Totp, 1), Timestamp(10));
    assert_eq!(row.enabled_at, Some(Timestamp(10)));
    row.apply(&UserEvent::TwoFactorEnabled, Timestamp(11));
    assert_eq!(row.enabled_at, Some(Timestamp(10)));
    // Asleep, then awake again (`toggle_off: retain`).
    row.apply(&UserEvent::TwoFactorDisabled { erased: false, recovery_revoked: false, challenge: None }, Timestamp(12));
    assert_eq!((row.enabled_at, row.methods.len()), (None, 1));
    row.apply(&UserEvent::Use2faSet(Some(true)), Timestamp(13));
    assert_eq!(row.enabled_at, Some(Timestamp(13)));
    row.apply(&UserEvent::AuthenticatorReset { recovery_revoked: false }, Timestamp(14));
    assert_eq!(row.enabled_at, None);
}

#[test]
fn replacing_a_factor_takes_that_factor_only() {
    let mut row = row();
    row.apply(&confirmed(Method::Totp, 1), Timestamp(10));
    row.apply(&confirmed(Method::Totp, 2), Timestamp(20));
    row.apply(
        &UserEvent::FactorReplaced { factor: FactorId::from_bytes(bytes(1)), method: Method::Totp },
        Timestamp(20),
    );
    assert_eq!(row.methods[&Method::Totp].since, Timestamp(20));
}

#[test]
fn failures_and_locks_are_per_factor_and_end_with_success_or_unlocking() {
    let mut row = row();
    for _ in 0..3 {
        row.apply(&failed(FactorKind::Totp, true), Timestamp(5));
    }
    row.apply(&failed(FactorKind::Email, false), Timestamp(6));
    assert_eq!((row.budget(FactorKind::Totp).failures, row.failures.len()), (3, 1));
    let lock = |until| UserEvent::FactorLocked { kind: FactorKind::Totp, failures: 5, until };
    row.apply(&lock(Some(Timestamp(100))), Timestamp(7));
    assert!(row.locked_at(Timestamp(99)) && !row.locked_at(Timestamp(100)));
    row.apply(&lock(None), Timestamp(8));
    assert_eq!(row.budget(FactorKind::Totp).lock, Lock::Hard);
    assert!(row.locked_at(Timestamp(i64::MAX - 1)));
    row.apply(&UserEvent::FactorUnlocked { kind: None }, Timestamp(9));
    assert_eq!((row.locked_until(), row.last_failed_at), (None, Some(Timestamp(6))));
}

#[test]
fn nothing_personal_stays_of_an_erased_user() {
    let mut row = row();
    row.apply(&confirmed(Method::Email, 1), Timestamp(2));
    row.apply(&UserEvent::UserErased, Timestamp(3));
    assert!(row.erased && row.methods.is_empty());
    assert!(row.panel_id.is_none() && row.email.is_none() && row.account_panel_id.is_none() && row.locale.is_none());
    assert_eq!((row.mode, row.registered_at), (Mode::Live, Timestamp(1)));
}

async fn filters_find_what_they_say(kind: Kind) {
    let mut history = History::new();
    for who in 0..12 {
        history.user(0, who, &[user_event(0, who)]).await;
        if who % 4 == 1 {
            history.user(0, who, &[confirmed(Method::Totp, who)]).await;
        }
        if who % 4 == 2 {
            history.user(0, who, &[confirmed(Method::Sms, who), failed(FactorKind::Sms, true)]).await;
        }
        if who == 6 {
            let until = Some(Timestamp(500));
            history.user(0, who, &[UserEvent::FactorLocked { kind: FactorKind::Sms, failures: 5, until }]).await;
        }
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let found = async |filter: UserFilter| {
        let page = UserPage { after: None, limit: 100 };
        let rows = fresh.store.users(&tenant(0), Mode::Live, &filter, &page).await.unwrap();
        (0..12).filter(|who| rows.iter().any(|row| row.user == user(*who))).collect::<Vec<_>>()
    };
    let any = UserFilter::default;
    assert_eq!(found(any()).await.len(), 12);
    assert_eq!(found(UserFilter { account: Some(account(1)), ..any() }).await, [1, 4, 7, 10]);
    assert_eq!(found(UserFilter { methods: vec![Method::Totp], ..any() }).await, [1, 5, 9]);
    assert_eq!(found(UserFilter { methods: vec![Method::Sms, Method::Totp], ..any() }).await.len(), 6);
    assert_eq!(found(UserFilter { enabled: Some(false), ..any() }).await, [0, 3, 4, 7, 8, 11]);
    let locked = |now, locked| UserFilter { locked: Some(LockedAt { now: Timestamp(now), locked }), ..any() };
    assert_eq!(found(locked(499, true)).await, [6]);
    assert_eq!(found(locked(500, true)).await, [0; 0]);
    assert_eq!(found(locked(499, false)).await.len(), 11);
    let all = UserFilter { account: Some(account(1)), methods: vec![Method::Totp], enabled: Some(true), ..any() };
    assert_eq!(found(all).await, [1]);
}

async fn administrators_are_counted_without_the_one_who_asks(kind: Kind) {
    let mut history = History::new();
    // Of account 1: users 1, 4, 7, 10; even numbers are administrators.
    for who in 0..12 {
        history.user(0, who, &[user_event(0, who)]).await;
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    let count = async |except| fresh.store.count_admins(&tenant(0), &account(1), &user(except)).await.unwrap();
    assert_eq!((count(1).await, count(4).await, count(99).await), (2, 1, 2));
    history.user(0, 10, &[UserEvent::UserErased]).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    assert_eq!(count(4).await, 0);
}

on_both!(filters_find_what_they_say, administrators_are_counted_without_the_one_who_asks);

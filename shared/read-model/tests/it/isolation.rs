//! Another tenant's rows, and another mode's, are never seen (C21).

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use twofold_domain::{Mode, TenantId};
use twofold_read_model::{
    AuditFilter, DeliveryFilter, DeliveryPage, Page, ReadStore, TenantPage, UserFilter, UserPage, audit_export,
};

use crate::events::{account, message, request, tenant, tenant_event, user, user_event};
use crate::fresh::{Fresh, Kind, fresh, on_both};
use crate::history::History;

/// Two tenants with the same users, accounts and requests.
async fn twins(kind: Kind) -> Fresh {
    let mut history = History::new();
    history.request_id = Some("req_1".to_owned());
    for of in 0..2 {
        history.tenant(of, &[tenant_event(0, of)]).await;
        for who in 0..9 {
            history.user(of, who, &[user_event(0, who), user_event(11, who), user_event(12, who)]).await;
        }
        for n in 1..9 {
            history.request(of, of * 100 + n, request(n, 1)).await;
        }
    }
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    fresh
}

async fn tenants_seen(store: &dyn ReadStore, of: u64) -> BTreeSet<TenantId> {
    let own = tenant(of);
    let mut seen = BTreeSet::new();
    let page = UserPage { after: None, limit: 500 };
    for filter in [UserFilter::default(), UserFilter { account: Some(account(1)), ..UserFilter::default() }] {
        seen.extend(store.users(&own, Mode::Live, &filter, &page).await.unwrap().into_iter().map(|row| row.tenant));
    }
    seen.extend(store.user(&own, &user(1)).await.unwrap().map(|row| row.tenant));
    let filters = [
        AuditFilter::default(),
        AuditFilter { user: Some(user(1)), ..AuditFilter::default() },
        AuditFilter { request_id: Some("req_1".to_owned()), ..AuditFilter::default() },
        AuditFilter { kinds: vec!["user.registered".into(), "tenant.created".into()], ..AuditFilter::default() },
    ];
    for filter in &filters {
        let page = Page { after: None, limit: 500, newest_first: true };
        let rows = store.audit(&own, Mode::Live, filter, page).await.unwrap();
        assert!(!rows.is_empty());
        seen.extend(rows.into_iter().map(|row| row.tenant));
        let rows: Vec<_> = audit_export(store, &own, Mode::Live, filter, false).try_collect().await.unwrap();
        seen.extend(rows.into_iter().map(|row| row.tenant));
    }
    let page = DeliveryPage { after: None, limit: 500, newest_first: false };
    for filter in [DeliveryFilter::default(), DeliveryFilter { user: Some(user(1)), ..DeliveryFilter::default() }] {
        let rows = store.deliveries(&own, Mode::Live, &filter, page).await.unwrap();
        seen.extend(rows.into_iter().map(|row| row.tenant));
    }
    seen
}

async fn every_query_stays_inside_its_tenant(kind: Kind) {
    let fresh = twins(kind).await;
    for of in 0..2 {
        assert_eq!(tenants_seen(&*fresh.store, of).await, BTreeSet::from([tenant(of)]));
        // Of account 1: users 1, 4, 7, of whom 4 is an administrator.
        assert_eq!(fresh.store.count_admins(&tenant(of), &account(1), &user(1)).await.unwrap(), 1);
        let foreign = message((1 - of) * 100 + 1);
        assert_eq!(fresh.store.delivery(&tenant(of), &foreign).await.unwrap(), None);
        assert!(fresh.store.delivery(&tenant(of), &message(of * 100 + 1)).await.unwrap().is_some());
    }
    assert!(tenants_seen_by_a_stranger(&*fresh.store).await);
    let page = TenantPage { after: None, limit: 500 };
    assert_eq!(fresh.store.tenants(&page).await.unwrap().len(), 2);
    let rest = TenantPage { after: Some(tenant(0)), limit: 500 };
    assert_eq!(fresh.store.tenants(&rest).await.unwrap()[0].name, "tenant-1");
}

async fn tenants_seen_by_a_stranger(store: &dyn ReadStore) -> bool {
    let page = Page { after: None, limit: 500, newest_first: false };
    store.user(&tenant(9), &user(1)).await.unwrap().is_none()
        && store.audit(&tenant(9), Mode::Live, &AuditFilter::default(), page).await.unwrap().is_empty()
}

async fn test_mode_sees_test_rows_and_what_concerns_the_whole_tenant(kind: Kind) {
    let fresh = twins(kind).await;
    let page = UserPage { after: None, limit: 500 };
    let users = fresh.store.users(&tenant(0), Mode::Test, &UserFilter::default(), &page).await.unwrap();
    assert_eq!(users, []);
    let page = Page { after: None, limit: 500, newest_first: false };
    let rows = fresh.store.audit(&tenant(0), Mode::Test, &AuditFilter::default(), page).await.unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| &*row.kind).collect();
    assert_eq!(kinds, ["tenant.created", "delivery.requested"]);
    let filter = AuditFilter { user: Some(user(2)), ..AuditFilter::default() };
    assert_eq!(fresh.store.audit(&tenant(0), Mode::Test, &filter, page).await.unwrap(), []);
    let page = DeliveryPage { after: None, limit: 500, newest_first: false };
    let rows = fresh.store.deliveries(&tenant(0), Mode::Test, &DeliveryFilter::default(), page).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.message.clone()).collect::<Vec<_>>(), [message(7)]);
}

on_both!(every_query_stays_inside_its_tenant, test_mode_sees_test_rows_and_what_concerns_the_whole_tenant);

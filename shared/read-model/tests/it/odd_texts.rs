//! Characters that a database may not like.

use twofold_domain::delivery::{DeliveryEvent, SmsRegion};
use twofold_domain::tenant::TenantEvent;
use twofold_domain::user::UserEvent;
use twofold_domain::{Mode, Timestamp};
use twofold_read_model::{AuditFilter, Page, TenantPage, rebuild, verify};

use crate::events::{profile, request, tenant, tenant_event, user};
use crate::fresh::{Kind, fresh, on_both};
use crate::history::History;

/// NUL, quotes of all kinds, braces of an array, a character outside the basic plane.
const ODD: &str = "a\0b'c\"d\\e{f}$1\u{1f980}";

async fn no_text_stops_the_projection(kind: Kind) {
    let mut history = History::new();
    history.request_id = Some(ODD.to_owned());
    let TenantEvent::Created { document, .. } = tenant_event(0, 0) else { panic!("another event") };
    history.tenant(0, &[TenantEvent::Created { name: ODD.to_owned(), preset: Some(ODD.to_owned()), document }]).await;
    let locale = Some(ODD.to_owned());
    history.user(0, 1, &[UserEvent::Registered(twofold_domain::user::Profile { locale, ..profile(1) })]).await;
    history.request(0, 1, request(1, 1)).await;
    let odd = || Some(ODD.to_owned());
    let cause = ODD.to_owned();
    history.ledger(0, 1, DeliveryEvent::Retrying { attempt: 1, cause, provider: odd() }).await;
    let region = Some(SmsRegion { country: ODD.to_owned(), prefix: ODD.to_owned() });
    let accepted = DeliveryEvent::Accepted { attempt: 2, provider_id: odd(), provider: odd(), region };
    history.ledger(0, 1, accepted).await;
    let fresh = fresh(kind).await;
    fresh.store.apply(&history.all().await).await.unwrap();

    let shown = ODD.replace('\0', "\u{fffd}");
    let row = fresh.store.user(&tenant(0), &user(1)).await.unwrap().unwrap();
    assert_eq!(row.locale.as_deref(), Some(&*shown));
    let page = TenantPage { after: None, limit: 10 };
    assert_eq!(fresh.store.tenants(&page).await.unwrap()[0].name, shown);

    let filter = AuditFilter { request_id: Some(ODD.to_owned()), ..AuditFilter::default() };
    let page = Page { after: None, limit: 10, newest_first: false };
    let found = fresh.store.audit(&tenant(0), Mode::Live, &filter, page).await.unwrap();
    assert_eq!(found.iter().map(|row| row.seq.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let filter = AuditFilter { kinds: vec![ODD.to_owned()], from: Some(Timestamp(0)), ..AuditFilter::default() };
    assert_eq!(fresh.store.audit(&tenant(0), Mode::Live, &filter, page).await, Ok(Vec::new()));

    let report = verify(&history.log, &*fresh.store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap().differences, Some(0));
}

on_both!(no_text_stops_the_projection);

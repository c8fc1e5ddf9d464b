//! Writing what a batch changed.

use twofold_event_log::Seq;

use super::dialect::run_all;
use super::{Dialect, Many, Portion, Sink as _, Values, arguments};
use crate::StoreError;
use crate::projection::{Slot, USAGE_HOURS, WorkingSet};
use crate::rows::UserRow;
use crate::sql;

static USERS_UPSERT: Many = Many::of(sql::users_upsert);
static USERS_UPDATE: Many = Many::of(sql::users_update);
static DELIVERIES: Many = Many::of(sql::deliveries_upsert);
static ATTEMPTS: Many = Many::of(sql::attempts_insert);
static USAGE: Many = Many::of(sql::usage_add);
static SUPPRESSIONS: Many = Many::of(sql::suppressions_upsert);
static TENANTS: Many = Many::of(sql::tenants_upsert);
static AUDIT: Many = Many::of(sql::audit_insert);
static HOURS: Many = Many::of(sql::hours_upsert);

/// Name of the one checkpoint there is.
pub(super) const CHECKPOINT: &str = "read_model";

pub(super) async fn working_set<D: Dialect>(
    connection: &mut D::Connection,
    set: &WorkingSet,
) -> Result<(), StoreError> {
    for portions in [users::<D>(set)?, deliveries::<D>(set)?, others::<D>(set)?] {
        run_all::<D>(connection, portions).await?;
    }
    usage::<D>(connection, set).await
}

fn users<D: Dialect>(set: &WorkingSet) -> Result<Vec<Portion<D>>, StoreError> {
    let mut users: Vec<&Slot<UserRow>> = set.users.values().filter(|slot| slot.changed).collect();
    // Neighbours lie on one page.
    users.sort_unstable_by(|a, b| (&a.row.tenant, &a.row.user).cmp(&(&b.row.tenant, &b.row.user)));
    let (whole, hot): (Vec<_>, Vec<_>) =
        users.into_iter().map(|slot| (slot.whole, &slot.row)).partition(|(whole, _)| *whole);
    let mut portions = D::portions(&USERS_UPSERT, &whole, |values, (_, row)| arguments::whole_user(values, row))?;
    portions.extend(D::portions(&USERS_UPDATE, &hot, |values, (_, row)| arguments::user_state(values, row))?);
    Ok(portions)
}

fn deliveries<D: Dialect>(set: &WorkingSet) -> Result<Vec<Portion<D>>, StoreError> {
    let mut deliveries: Vec<_> = set.deliveries.values().filter(|slot| slot.changed).map(|slot| &slot.row).collect();
    deliveries.sort_unstable_by(|a, b| a.message.cmp(&b.message));
    let mut portions = D::portions(&DELIVERIES, &deliveries, |values, row| arguments::delivery(values, row))?;
    portions.extend(D::portions(&ATTEMPTS, &set.attempts, arguments::attempt)?);
    Ok(portions)
}

/// After the hours of the batch, by which it goes what is too old.
async fn usage<D: Dialect>(connection: &mut D::Connection, set: &WorkingSet) -> Result<(), StoreError> {
    let changes: Vec<_> = set.usage.iter().filter(|(_, counts)| !counts.is_zero()).collect();
    if let (Some((first, _)), Some((last, _))) = (changes.first(), changes.last()) {
        let portions = D::portions(&USAGE, &changes, |values, (key, counts)| arguments::usage(values, key, counts))?;
        run_all::<D>(connection, portions).await?;
        execute::<D>(connection, sql::DROP_EMPTY_USAGE, &[first.hour, last.hour]).await?;
    }
    execute::<D>(connection, sql::PRUNE_USAGE, &[USAGE_HOURS]).await
}

async fn execute<D: Dialect>(
    connection: &mut D::Connection,
    text: &'static str,
    numbers: &[i64],
) -> Result<(), StoreError> {
    let mut values = Values::<D>::default();
    for number in numbers {
        values.number(*number);
    }
    D::fetch(connection, sqlx::SqlStr::from_static(text), values.finish()?).await.map(drop)
}

fn others<D: Dialect>(set: &WorkingSet) -> Result<Vec<Portion<D>>, StoreError> {
    let tenants: Vec<_> = set.tenants.values().filter(|slot| slot.changed).map(|slot| &slot.row).collect();
    let mut portions = D::portions(&TENANTS, &tenants, |values, row| arguments::tenant(values, row))?;
    let suppressions: Vec<_> = set.suppressions.values().filter(|slot| slot.changed).map(|slot| &slot.row).collect();
    portions.extend(D::portions(&SUPPRESSIONS, &suppressions, |values, row| arguments::suppression(values, row))?);
    portions.extend(D::portions(&AUDIT, &set.audit, arguments::audit)?);
    let hours: Vec<_> = set.hours.iter().collect();
    portions.extend(D::portions(&HOURS, &hours, |values, (hour, (first, last))| {
        values.number(**hour);
        values.seq(*first);
        values.seq(*last);
    })?);
    Ok(portions)
}

pub(super) async fn set_checkpoint<D: Dialect>(connection: &mut D::Connection, seq: Seq) -> Result<(), StoreError> {
    let mut values = Values::<D>::default();
    values.text(CHECKPOINT);
    values.seq(seq);
    D::fetch(connection, sqlx::SqlStr::from_static(sql::SET_CHECKPOINT), values.finish()?).await.map(drop)
}

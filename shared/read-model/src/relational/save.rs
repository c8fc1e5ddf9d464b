//! Writing what a batch changed.

use std::sync::LazyLock;

use sqlx::sqlite::SqliteConnection;
use twofold_event_log::Seq;

use super::arguments::{self, Values, number};
use super::error::unavailable;
use super::load::Sized;
use crate::StoreError;
use crate::projection::{Slot, WorkingSet};
use crate::rows::UserRow;
use crate::sql;

static USERS_UPSERT: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::users_upsert()));
static USERS_UPDATE: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::users_update()));
static DELIVERIES: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::deliveries_upsert()));
static TENANTS: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::tenants_upsert()));
static AUDIT: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::audit_insert()));
static HOURS: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::hours_upsert()));

/// Name of the one checkpoint there is.
pub(super) const CHECKPOINT: &str = "read_model";

pub(super) async fn working_set(connection: &mut SqliteConnection, set: &WorkingSet) -> Result<(), StoreError> {
    let mut users: Vec<&Slot<UserRow>> = set.users.values().filter(|slot| slot.changed).collect();
    // Neighbours lie on one page.
    users.sort_unstable_by(|a, b| (&a.row.tenant, &a.row.user).cmp(&(&b.row.tenant, &b.row.user)));
    let (whole, hot): (Vec<_>, Vec<_>) =
        users.into_iter().map(|slot| (slot.whole, &slot.row)).partition(|(whole, _)| *whole);
    write(connection, &USERS_UPSERT, &whole, |values, (_, row)| arguments::whole_user(values, row)).await?;
    write(connection, &USERS_UPDATE, &hot, |values, (_, row)| arguments::user_state(values, row)).await?;

    let mut deliveries: Vec<_> = set.deliveries.values().filter(|slot| slot.changed).map(|slot| &slot.row).collect();
    deliveries.sort_unstable_by(|a, b| a.message.cmp(&b.message));
    write(connection, &DELIVERIES, &deliveries, |values, row| arguments::delivery(values, row)).await?;

    let tenants: Vec<_> = set.tenants.values().filter(|slot| slot.changed).map(|slot| &slot.row).collect();
    write(connection, &TENANTS, &tenants, |values, row| arguments::tenant(values, row)).await?;

    write(connection, &AUDIT, &set.audit, arguments::audit).await?;

    let hours: Vec<_> = set.hours.iter().collect();
    write(connection, &HOURS, &hours, |values, (hour, (first, last))| {
        values.add(**hour);
        values.seq(*first);
        values.seq(*last);
    })
    .await
}

async fn write<T>(
    connection: &mut SqliteConnection,
    statement: &Sized,
    rows: &[T],
    bind: impl Fn(&mut Values, &T),
) -> Result<(), StoreError> {
    for (text, portion) in statement.portions(rows) {
        let mut values = Values::default();
        for row in portion {
            bind(&mut values, row);
        }
        sqlx::query_with(text, values.finish()?).execute(&mut *connection).await.map_err(unavailable)?;
    }
    Ok(())
}

pub(super) async fn checkpoint(connection: &mut SqliteConnection) -> Result<Seq, StoreError> {
    let seq = sqlx::query_scalar::<_, i64>(sql::CHECKPOINT).bind(CHECKPOINT).fetch_optional(connection).await;
    Ok(Seq(seq.map_err(unavailable)?.unwrap_or(0).cast_unsigned()))
}

pub(super) async fn set_checkpoint(connection: &mut SqliteConnection, seq: Seq) -> Result<(), StoreError> {
    let query = sqlx::query(sql::SET_CHECKPOINT).bind(CHECKPOINT).bind(number(seq));
    query.execute(connection).await.map(drop).map_err(unavailable)
}

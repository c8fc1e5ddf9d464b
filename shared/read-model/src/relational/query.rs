//! Queries.

use sqlx::{AssertSqlSafe, SqlitePool};
use twofold_domain::{AccountId, MessageId, Mode, TenantId, UserToken};
use twofold_event_log::Seq;

use super::arguments::{Values, number};
use super::error::unavailable;
use super::{decode, save};
use crate::StoreError;
use crate::codec::method_pattern;
use crate::filter::{DeliveryFilter, DeliveryPage, MAX_PAGE_ROWS, TenantPage, UserFilter, UserPage};
use crate::rows::{DeliveryRow, TenantRow, UserRow};
use crate::sql::{self, DeliveryShape, UserShape};

type Result<T> = std::result::Result<T, StoreError>;

/// Rows a page may have, as a value.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_PAGE_ROWS)).unwrap_or(i64::MAX)
}

pub(super) async fn checkpoint(pool: &SqlitePool) -> Result<Seq> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    save::checkpoint(&mut connection).await
}

pub(super) async fn user(pool: &SqlitePool, tenant: &TenantId, user: &UserToken) -> Result<Option<UserRow>> {
    let query = sqlx::query(AssertSqlSafe(sql::user())).bind(tenant.as_str()).bind(user.as_str());
    query.fetch_optional(pool).await.map_err(unavailable)?.as_ref().map(decode::user).transpose()
}

pub(super) async fn users(
    pool: &SqlitePool,
    tenant: &TenantId,
    mode: Mode,
    filter: &UserFilter,
    page: &UserPage,
) -> Result<Vec<UserRow>> {
    let mut methods = filter.methods.clone();
    methods.sort_unstable();
    methods.dedup();
    let shape = UserShape {
        account: filter.account.is_some(),
        methods: methods.len(),
        enabled: filter.enabled,
        locked: filter.locked.map(|at| at.locked),
    };
    let mut values = Values::default();
    values.text(tenant.as_str());
    values.text(mode.name());
    values.text(page.after.as_ref().map_or("", UserToken::as_str));
    values.add(rows(page.limit));
    if let Some(account) = &filter.account {
        values.text(account.as_str());
    }
    for method in methods {
        values.add(method_pattern(method));
    }
    if let Some(at) = filter.locked {
        values.time(at.now);
    }
    let query = sqlx::query_with(AssertSqlSafe(sql::users(&shape)), values.finish()?);
    decode::rows(&query.fetch_all(pool).await.map_err(unavailable)?, decode::user)
}

pub(super) async fn count_admins(
    pool: &SqlitePool,
    tenant: &TenantId,
    account: &AccountId,
    except_user: &UserToken,
) -> Result<u64> {
    let query = sqlx::query_scalar::<_, i64>(sql::COUNT_ADMINS);
    let query = query.bind(tenant.as_str()).bind(account.as_str()).bind(except_user.as_str());
    Ok(query.fetch_one(pool).await.map_err(unavailable)?.unsigned_abs())
}

pub(super) async fn deliveries(
    pool: &SqlitePool,
    tenant: &TenantId,
    mode: Mode,
    filter: &DeliveryFilter,
    page: DeliveryPage,
) -> Result<Vec<DeliveryRow>> {
    let shape = DeliveryShape {
        user: filter.user.is_some(),
        status: filter.status.is_some(),
        channel: filter.channel.is_some(),
        newest_first: page.newest_first,
    };
    let start = if page.newest_first { i64::MAX } else { 0 };
    let mut values = Values::default();
    values.text(tenant.as_str());
    values.text(mode.name());
    values.add(page.after.map_or(start, number));
    values.add(rows(page.limit));
    let filters = [
        filter.user.as_ref().map(UserToken::as_str),
        filter.status.map(crate::DeliveryStatus::name),
        filter.channel.map(twofold_domain::Channel::name),
    ];
    for text in filters.into_iter().flatten() {
        values.text(text);
    }
    let query = sqlx::query_with(AssertSqlSafe(sql::deliveries(&shape)), values.finish()?);
    decode::rows(&query.fetch_all(pool).await.map_err(unavailable)?, decode::delivery)
}

pub(super) async fn delivery(pool: &SqlitePool, tenant: &TenantId, message: &MessageId) -> Result<Option<DeliveryRow>> {
    let query = sqlx::query(AssertSqlSafe(sql::delivery())).bind(message.as_str()).bind(tenant.as_str());
    query.fetch_optional(pool).await.map_err(unavailable)?.as_ref().map(decode::delivery).transpose()
}

pub(super) async fn tenants(pool: &SqlitePool, page: &TenantPage) -> Result<Vec<TenantRow>> {
    let after = page.after.as_ref().map_or("", TenantId::as_str);
    let query = sqlx::query(AssertSqlSafe(sql::tenants())).bind(after).bind(rows(page.limit));
    decode::rows(&query.fetch_all(pool).await.map_err(unavailable)?, decode::tenant)
}

//! Queries.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use twofold_domain::{AccountId, Mode, TenantId, UserToken};
use twofold_event_log::Seq;

use super::save::CHECKPOINT;
use super::{Backend, Dialect, Scope, Sink as _, Values, decode};
use crate::StoreError;
use crate::codec::method_pattern;
use crate::filter::{MAX_PAGE_ROWS, TenantPage, UserFilter, UserPage};
use crate::rows::{TenantRow, UserRow};
use crate::sql::{self, UserShape};

type Result<T> = std::result::Result<T, StoreError>;

/// Rows a page may have, as a value.
pub(super) fn rows(limit: usize) -> i64 {
    count(limit.min(MAX_PAGE_ROWS))
}

/// A number of rows, as a value.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A text put together from shapes, never from what somebody sent.
pub(super) fn text(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

pub(super) fn values<B: Backend>(texts: &[&str]) -> Values<B::Dialect> {
    let mut values = Values::default();
    for text in texts {
        values.text(text);
    }
    values
}

fn position(number: Option<i64>) -> Seq {
    Seq(number.unwrap_or(0).cast_unsigned())
}

pub(super) async fn checkpoint<B: Backend>(backend: &B) -> Result<Seq> {
    let values = values::<B>(&[CHECKPOINT]).finish()?;
    let rows = backend.fetch(Scope::Nobody, SqlStr::from_static(sql::CHECKPOINT), values).await?;
    decode::one_number::<B::Dialect>(&rows).map(position)
}

/// The checkpoint as a connection sees it.
pub(crate) async fn read_checkpoint<D: Dialect>(connection: &mut D::Connection) -> Result<Seq> {
    let mut values = Values::<D>::default();
    values.text(CHECKPOINT);
    let rows = D::fetch(connection, SqlStr::from_static(sql::CHECKPOINT), values.finish()?).await?;
    decode::one_number::<D>(&rows).map(position)
}

pub(super) async fn user<B: Backend>(backend: &B, tenant: &TenantId, user: &UserToken) -> Result<Option<UserRow>> {
    let values = values::<B>(&[tenant.as_str(), user.as_str()]);
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::user()), values.finish()?).await?;
    rows.first().map(decode::user::<B::Dialect>).transpose()
}

pub(super) async fn users<B: Backend>(
    backend: &B,
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
    let after = page.after.as_ref().map_or("", UserToken::as_str);
    let mut values = values::<B>(&[tenant.as_str(), mode.name(), after]);
    values.number(rows(page.limit));
    if let Some(account) = &filter.account {
        values.text(account.as_str());
    }
    for method in methods {
        values.text(&method_pattern(method));
    }
    if let Some(at) = filter.locked {
        values.time(at.now);
    }
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::users(&shape)), values.finish()?).await?;
    decode::rows(&rows, decode::user::<B::Dialect>)
}

pub(super) async fn count_admins<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    account: &AccountId,
    except_user: &UserToken,
) -> Result<u64> {
    let values = values::<B>(&[tenant.as_str(), account.as_str(), except_user.as_str()]).finish()?;
    let rows = backend.fetch(Scope::Tenant(tenant), SqlStr::from_static(sql::COUNT_ADMINS), values).await?;
    Ok(decode::one_number::<B::Dialect>(&rows)?.unwrap_or(0).unsigned_abs())
}

pub(super) async fn tenants<B: Backend>(backend: &B, page: &TenantPage) -> Result<Vec<TenantRow>> {
    let mut values = values::<B>(&[page.after.as_ref().map_or("", TenantId::as_str)]);
    values.number(rows(page.limit));
    let rows = backend.fetch(Scope::Everything, text(sql::tenants()), values.finish()?).await?;
    decode::rows(&rows, decode::tenant::<B::Dialect>)
}

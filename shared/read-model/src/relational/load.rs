//! Loading the rows that a batch touches, and the chunks in which many rows travel.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};
use twofold_domain::{MessageId, TenantId, UserToken};
use twofold_event_log::{Category, Stored};

use super::arguments::Values;
use super::error::unavailable;
use super::{decode, states};
use crate::StoreError;
use crate::projection::{Slot, WorkingSet};
use crate::sql::{self, Bulk, CHUNKS, Placeholders};

/// A statement in the sizes of [`CHUNKS`].
pub(super) struct Sized {
    texts: [Arc<str>; CHUNKS.len()],
}

impl Sized {
    pub fn of(bulk: Bulk) -> Self {
        Self { texts: CHUNKS.map(|rows| bulk.text(Placeholders::Positional, rows).into()) }
    }

    /// Items in portions, each with its statement.
    pub fn portions<'a, T>(&self, items: &'a [T]) -> impl Iterator<Item = (sqlx::SqlStr, &'a [T])> {
        let mut rest = items;
        std::iter::from_fn(move || {
            let place = CHUNKS.iter().position(|rows| *rows <= rest.len())?;
            let (portion, left) = rest.split_at(CHUNKS[place]);
            rest = left;
            Some((AssertSqlSafe(Arc::clone(&self.texts[place])).into_sql_str(), portion))
        })
    }
}

static USERS: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::users_load()));
static DELIVERIES: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::deliveries_load()));
static TENANTS: LazyLock<Sized> = LazyLock::new(|| Sized::of(sql::tenants_load()));

/// What is stored of the users, messages and tenants that the commits are about.
pub(super) async fn working_set(
    connection: &mut SqliteConnection,
    commits: &[Stored],
) -> Result<WorkingSet, StoreError> {
    let keys = Keys::of(commits);
    let mut set = WorkingSet::default();
    let rows = select(connection, &USERS, &keys.users, |values, (tenant, user)| {
        values.text(tenant.as_str());
        values.text(user.as_str());
    });
    for row in rows.await? {
        let packed = row.try_get::<Option<&str>, _>(0).map_err(unavailable)?;
        for user in states::users(packed.unwrap_or_default()) {
            let user = user?;
            set.users.insert((user.tenant.clone(), user.user.clone()), Slot::loaded(user));
        }
    }
    let rows = select(connection, &DELIVERIES, &keys.deliveries, |values, id| values.text(id.as_str()));
    set.deliveries = slots(&rows.await?, decode::delivery, |row| row.message.clone())?;
    let rows = select(connection, &TENANTS, &keys.tenants, |values, id| values.text(id.as_str()));
    set.tenants = slots(&rows.await?, decode::tenant, |row| row.tenant.clone())?;
    Ok(set)
}

fn slots<K: Eq + std::hash::Hash, T>(
    rows: &[SqliteRow],
    decode: impl Fn(&SqliteRow) -> Result<T, StoreError>,
    key: impl Fn(&T) -> K,
) -> Result<HashMap<K, Slot<T>>, StoreError> {
    rows.iter().map(|row| decode(row).map(|row| (key(&row), Slot::loaded(row)))).collect()
}

async fn select<T>(
    connection: &mut SqliteConnection,
    statement: &Sized,
    keys: &[T],
    bind: impl Fn(&mut Values, &T),
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    for (text, portion) in statement.portions(keys) {
        let mut values = Values::default();
        for key in portion {
            bind(&mut values, key);
        }
        let rows = sqlx::query_with(text, values.finish()?).fetch_all(&mut *connection).await;
        found.extend(rows.map_err(unavailable)?);
    }
    Ok(found)
}

/// Whom the commits are about. In the order of the keys, which is the order of the pages.
struct Keys {
    users: Vec<(TenantId, UserToken)>,
    deliveries: Vec<MessageId>,
    tenants: Vec<TenantId>,
}

impl Keys {
    fn of(commits: &[Stored]) -> Self {
        let (mut users, mut deliveries, mut tenants) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for commit in commits {
            let Some(tenant) = commit.subject.tenant_id() else { continue };
            let last = commit.subject.last_token();
            match commit.subject.category() {
                Category::User => users.extend(UserToken::parse(last).ok().map(|user| (tenant, user))),
                Category::Config => tenants.extend(Some(tenant)),
                Category::Delivery | Category::Ledger => deliveries.extend(MessageId::parse(last).ok()),
            }
        }
        Self {
            users: users.into_iter().collect(),
            deliveries: deliveries.into_iter().collect(),
            tenants: tenants.into_iter().collect(),
        }
    }
}

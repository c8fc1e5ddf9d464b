//! What a database's driver has to do for us.

use std::sync::{Arc, OnceLock};

use sqlx::error::BoxDynError;
use sqlx::{AssertSqlSafe, Database, SqlSafeStr as _, SqlStr};
use twofold_event_log::BoxFuture;

use super::Sink;
use crate::StoreError;
use crate::sql::{Bulk, CHUNKS, Source};

/// A database, as far as statements and their values go.
pub(crate) trait Dialect: Database<Arguments: Default, Row: Sync> {
    /// Begins a transaction that writes. It has all tenants in its scope, and nobody else projects until it ends.
    const BEGIN_PROJECTING: &'static str;

    /// Has statements planned anew. None: plans do not depend on how large tables are.
    const FORGET_PLANS: Option<&'static str>;

    /// Answers 1 when the connection has the projecting for itself from now on. None: nobody else is there.
    const CLAIM: Option<&'static str>;

    /// Adds a text to the arguments.
    fn add_text(arguments: &mut Self::Arguments, text: Option<&str>) -> Result<(), BoxDynError>;

    /// Adds an integer.
    fn add_number(arguments: &mut Self::Arguments, number: Option<i64>) -> Result<(), BoxDynError>;

    /// Adds bytes.
    fn add_bytes(arguments: &mut Self::Arguments, bytes: Option<&[u8]>) -> Result<(), BoxDynError>;

    /// Reads a text.
    fn text(row: &Self::Row, column: usize) -> Result<Option<&str>, sqlx::Error>;

    /// Reads an integer.
    fn number(row: &Self::Row, column: usize) -> Result<Option<i64>, sqlx::Error>;

    /// Reads bytes.
    fn bytes(row: &Self::Row, column: usize) -> Result<Option<Vec<u8>>, sqlx::Error>;

    /// Runs one statement, whether it answers rows or not.
    fn fetch(
        connection: &mut Self::Connection,
        text: SqlStr,
        arguments: Self::Arguments,
    ) -> BoxFuture<'_, Result<Vec<Self::Row>, StoreError>>;

    /// The statements, with their arguments, for many rows, each of which `bind` puts into a sink.
    fn portions<T>(
        statement: &'static Many,
        rows: &[T],
        bind: impl Fn(&mut dyn Sink, &T),
    ) -> Result<Vec<Portion<Self>>, StoreError>;
}

/// A statement with its arguments.
pub(crate) type Portion<D> = (SqlStr, <D as Database>::Arguments);

/// Runs the statements for many rows.
pub(super) async fn run_all<D: Dialect>(
    connection: &mut D::Connection,
    portions: Vec<Portion<D>>,
) -> Result<Vec<D::Row>, StoreError> {
    let mut found = Vec::new();
    for (text, arguments) in portions {
        found.extend(D::fetch(connection, text, arguments).await?);
    }
    Ok(found)
}

/// The parts of a [`Dialect`] that are word for word the same, because `sqlx` knows them by its own traits.
macro_rules! plain_values {
    ($database:ty) => {
        fn add_text(
            arguments: &mut <$database as sqlx::Database>::Arguments,
            text: Option<&str>,
        ) -> Result<(), sqlx::error::BoxDynError> {
            sqlx::Arguments::add(arguments, text)
        }

        fn add_number(
            arguments: &mut <$database as sqlx::Database>::Arguments,
            number: Option<i64>,
        ) -> Result<(), sqlx::error::BoxDynError> {
            sqlx::Arguments::add(arguments, number)
        }

        fn add_bytes(
            arguments: &mut <$database as sqlx::Database>::Arguments,
            bytes: Option<&[u8]>,
        ) -> Result<(), sqlx::error::BoxDynError> {
            sqlx::Arguments::add(arguments, bytes)
        }

        fn text(row: &<$database as sqlx::Database>::Row, column: usize) -> Result<Option<&str>, sqlx::Error> {
            sqlx::Row::try_get(row, column)
        }

        fn number(row: &<$database as sqlx::Database>::Row, column: usize) -> Result<Option<i64>, sqlx::Error> {
            sqlx::Row::try_get(row, column)
        }

        fn bytes(row: &<$database as sqlx::Database>::Row, column: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
            sqlx::Row::try_get(row, column)
        }

        fn fetch(
            connection: &mut <$database as sqlx::Database>::Connection,
            text: sqlx::SqlStr,
            arguments: <$database as sqlx::Database>::Arguments,
        ) -> twofold_event_log::BoxFuture<'_, Result<Vec<<$database as sqlx::Database>::Row>, crate::StoreError>> {
            let query = sqlx::query_with::<$database, _>(text, arguments);
            Box::pin(async { query.fetch_all(connection).await.map_err(crate::relational::unavailable) })
        }
    };
}
pub(crate) use plain_values;

/// A statement for many rows, in the forms the databases want. Texts are made when first needed.
pub(crate) struct Many {
    bulk: fn() -> Bulk,
    lists: OnceLock<[Arc<str>; CHUNKS.len()]>,
    arrays: OnceLock<Arc<str>>,
}

impl Many {
    pub const fn of(bulk: fn() -> Bulk) -> Self {
        Self { bulk, lists: OnceLock::new(), arrays: OnceLock::new() }
    }

    /// Rows in portions, each with its statement.
    pub fn lists<'a, T>(&'static self, rows: &'a [T]) -> impl Iterator<Item = (SqlStr, &'a [T])> {
        let texts = self.lists.get_or_init(|| CHUNKS.map(|rows| (self.bulk)().text(Source::List(rows)).into()));
        let mut rest = rows;
        std::iter::from_fn(move || {
            let place = CHUNKS.iter().position(|rows| *rows <= rest.len())?;
            let (portion, left) = rest.split_at(CHUNKS[place]);
            rest = left;
            Some((statement(&texts[place]), portion))
        })
    }

    /// One statement for all rows, with an array for each column.
    pub fn arrays(&'static self) -> SqlStr {
        statement(self.arrays.get_or_init(|| (self.bulk)().text(Source::Arrays).into()))
    }
}

fn statement(text: &Arc<str>) -> SqlStr {
    AssertSqlSafe(Arc::clone(text)).into_sql_str()
}

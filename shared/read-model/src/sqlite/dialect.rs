//! Statements and values as SQLite takes them.

use sqlx::Sqlite;

use crate::StoreError;
use crate::relational::{Dialect, Many, Portion, Sink, Values, plain_values};

impl Dialect for Sqlite {
    const BEGIN_PROJECTING: &'static str = "BEGIN IMMEDIATE";

    const FORGET_PLANS: Option<&'static str> = None;

    const CLAIM: Option<&'static str> = None;

    plain_values!(Sqlite);

    fn portions<T>(
        statement: &'static Many,
        rows: &[T],
        bind: impl Fn(&mut dyn Sink, &T),
    ) -> Result<Vec<Portion<Self>>, StoreError> {
        let portion = |(text, rows): (_, &[T])| {
            let mut values = Values::<Self>::default();
            for row in rows {
                bind(&mut values, row);
            }
            Ok((text, values.finish()?))
        };
        statement.lists(rows).map(portion).collect()
    }
}

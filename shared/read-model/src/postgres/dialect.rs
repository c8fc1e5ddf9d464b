//! Statements and values as PostgreSQL takes them.

use sqlx::Postgres;

use super::arrays::Arrays;
use crate::StoreError;
use crate::relational::{Dialect, Many, Portion, Sink, plain_values};

impl Dialect for Postgres {
    // The lock keeps other projectors away and no reader. It is looked up by name and found again behind a rebuild that
    // put other tables in the place of these. Commits wait for the disk: a crash of the server that took some back would
    // be noticed with the next event only.
    const BEGIN_PROJECTING: &'static str = "BEGIN; SET LOCAL twofold.scope = 'all'; \
        LOCK TABLE checkpoint IN SHARE ROW EXCLUSIVE MODE";

    const FORGET_PLANS: Option<&'static str> = Some("DISCARD PLANS");

    // Of the session: it ends with the connection, however that ends.
    const CLAIM: Option<&'static str> =
        Some("SELECT pg_try_advisory_lock(hashtext('twofold project'), hashtext(current_schema()::text))::int::bigint");

    plain_values!(Postgres);

    fn portions<T>(
        statement: &'static Many,
        rows: &[T],
        bind: impl Fn(&mut dyn Sink, &T),
    ) -> Result<Vec<Portion<Self>>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut arrays = Arrays::default();
        for row in rows {
            arrays.row();
            bind(&mut arrays, row);
        }
        Ok(vec![(statement.arrays(), arrays.finish()?)])
    }
}

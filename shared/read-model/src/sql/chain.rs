//! Pages of one user's audit.

use super::audit::{others, since};
use super::{AUDIT_COLUMNS, AuditShape, Numbers};

/// Columns before those of the audit: the commit's place in the walk from 1, its position, and the commit before it.
/// That is 0 where the chain begins, or -1 where a message older than the chain may have rows besides.
pub const CHAIN_COLUMNS: usize = 3;

/// Where [`chain`] takes the user.
const USER: &str = "$7";

/// A portion of a user's audit, newest commits first: each of its commits with the rows that match, or once without any.
///
/// Values: tenant, mode, the commit to start with, after (position, place), commits, the user, then those of the other
/// conditions. Starts with the user's newest commit unless the one given is his.
pub fn chain(shape: &AuditShape) -> String {
    let others = others(shape, &mut Numbers::from(8));
    // The third value of the times, which come first.
    let not_before = if shape.time { format!(" AND chain.earlier >= {}", since("$10")) } else { String::new() };
    let (beyond, stop) = if shape.newest_first { ("<", "") } else { (">", " AND chain.earlier >= $4") };
    let own = |table: &str| format!("({table}.tenant || '') = $1 AND ({table}.user_token || '') = {USER}");
    // The key of the audit leads, whatever other index there is: for `|| ''` see there. Cross joins keep their order. And
    // before PostgreSQL's policies only what cannot give rows away: the value of a sub-select is such, `coalesce` is not.
    let head = format!(
        "(SELECT coalesce((SELECT b.seq FROM audit AS b WHERE b.seq = $3 AND b.user_prev IS NOT NULL AND {}), \
            (SELECT users.audit_seq FROM users WHERE users.tenant = $1 AND users.user_token = {USER})))",
        own("b")
    );
    let walk = format!(
        "WITH RECURSIVE chain (n, place, earlier) AS ( \
            SELECT CAST(1 AS BIGINT), a.seq, a.user_prev FROM audit AS a \
            WHERE a.seq = {head} AND a.user_prev IS NOT NULL AND {own} \
            UNION ALL SELECT chain.n + 1, a.seq, a.user_prev FROM chain CROSS JOIN audit AS a \
            WHERE a.seq = chain.earlier AND a.seq < chain.place AND a.user_prev IS NOT NULL AND {own} \
                AND chain.n < $6{stop}{not_before})",
        own = own("a")
    );
    let mut rows = vec![own("audit"), "(mode || '') = $2".to_owned(), format!("(seq, idx) {beyond} ($4, $5)")];
    rows.extend(others);
    format!(
        "{walk} SELECT chain.n, chain.place, {EARLIER}, {} FROM chain LEFT JOIN audit ON seq = chain.place AND {} \
        ORDER BY chain.n, idx DESC",
        AUDIT_COLUMNS.join(", "),
        rows.join(" AND "),
    )
}

const EARLIER: &str = "CASE WHEN chain.earlier = 0 AND EXISTS (SELECT 1 FROM deliveries AS d WHERE d.tenant = $1 \
    AND d.user_token = $7 AND d.request_seq < chain.place) THEN -1 ELSE chain.earlier END";

/// Whether there is any message to a user: the position of the first.
pub const FIRST_MESSAGE: &str = "SELECT min(request_seq) FROM deliveries WHERE tenant = $1 AND user_token = $2";

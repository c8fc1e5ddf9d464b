//! One user's audit, along his chain.
//!
//! A chain only grows at its new end, so what lies before a commit stays the same from one portion to the next, whatever
//! is projected meanwhile.

use std::collections::VecDeque;

use twofold_domain::{TenantId, UserToken};

use super::audit::{Asked, other_values, place};
use super::{Backend, Dialect, Scope, Sink as _, Values, decode, query};
use crate::StoreError;
use crate::rows::AuditRow;
use crate::sql::{self, AuditShape};

/// Commits of the first portion at least, and of any at most.
const PORTION: (usize, usize) = (8, 256);

/// A page. None: there may be rows that are in no chain.
///
/// Newest first it costs as much as it has rows and the filter skips, from the page before on. Oldest first all after the
/// cursor is walked through, portion by portion, and only a page of it kept.
pub(super) async fn page<B: Backend>(
    backend: &B,
    asked: &Asked<'_>,
    user: &UserToken,
    shape: &AuditShape,
) -> Result<Option<Vec<AuditRow>>, StoreError> {
    let text = query::text(sql::audit(shape));
    let newest_first = asked.page.newest_first;
    let mut kept = Kept::<B::Dialect> { rows: VecDeque::new(), limit: asked.limit(), newest_first };
    // Oldest first starts at the head as well: there is no way forward in a chain.
    let mut start = if newest_first { place(asked.page).0 } else { i64::MAX };
    let (mut portion, mut lowest) = (kept.limit.div_ceil(2).clamp(PORTION.0, PORTION.1), i64::MAX);
    while !kept.is_full() {
        let values = values::<B>(asked, user, shape, start, portion);
        let rows = backend.fetch(Scope::Tenant(asked.tenant), text.clone(), values.finish()?).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            let unknown = lowest == i64::MAX && has_message(backend, asked.tenant, user).await?;
            return if unknown { Ok(None) } else { kept.page().map(Some) };
        };
        let (first, last) = (decode::link::<B::Dialect>(first)?, decode::link::<B::Dialect>(last)?);
        // Tables put in the place of these, or damaged ones, must not lead in a circle.
        if first.place >= lowest {
            break;
        }
        kept.take(rows)?;
        if last.earlier < 0 && !kept.is_full() {
            return Ok(None);
        }
        if last.earlier <= 0 || last.n < query::count(portion) {
            break;
        }
        (start, lowest) = (last.earlier, last.place);
        portion = (portion * 2).min(PORTION.1);
    }
    kept.page().map(Some)
}

/// Rows that match, newest first: as many as the page has, from the one end or the other.
struct Kept<D: Dialect> {
    rows: VecDeque<D::Row>,
    limit: usize,
    newest_first: bool,
}

impl<D: Dialect> Kept<D> {
    /// Whether nothing can be added. Oldest first an older row still takes a newer one's place.
    fn is_full(&self) -> bool {
        self.limit == 0 || (self.newest_first && self.rows.len() >= self.limit)
    }

    fn take(&mut self, rows: Vec<D::Row>) -> Result<(), StoreError> {
        for row in rows {
            if decode::link::<D>(&row)?.matches && !self.is_full() {
                self.rows.push_back(row);
                if self.rows.len() > self.limit {
                    self.rows.pop_front();
                }
            }
        }
        Ok(())
    }

    fn page(mut self) -> Result<Vec<AuditRow>, StoreError> {
        if !self.newest_first {
            self.rows.make_contiguous().reverse();
        }
        self.rows.iter().map(decode::chained_audit::<D>).collect()
    }
}

fn values<B: Backend>(
    asked: &Asked<'_>,
    user: &UserToken,
    shape: &AuditShape,
    start: i64,
    portion: usize,
) -> Values<B::Dialect> {
    let mut values = query::values::<B>(&[asked.tenant.as_str(), asked.mode.name()]);
    let (seq, idx) = place(asked.page);
    for number in [start, seq, idx, query::count(portion)] {
        values.number(number);
    }
    values.text(user.as_str());
    other_values(&mut values, shape, asked.filter, asked.kinds);
    values
}

/// Whether a user without a chain was ever sent a message. Then he has rows, though nobody has registered him.
async fn has_message<B: Backend>(backend: &B, tenant: &TenantId, user: &UserToken) -> Result<bool, StoreError> {
    let values = query::values::<B>(&[tenant.as_str(), user.as_str()]).finish()?;
    let rows = backend.fetch(Scope::Tenant(tenant), sqlx::SqlStr::from_static(sql::FIRST_MESSAGE), values).await?;
    Ok(decode::one_number::<B::Dialect>(&rows)?.is_some())
}

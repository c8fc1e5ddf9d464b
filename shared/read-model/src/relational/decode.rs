//! Rows as they come back.

use std::borrow::Cow;

use twofold_domain::{AccountId, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use super::Dialect;
use super::error::corrupt;
use crate::StoreError;
use crate::codec::{TENANT_WIDE, parse_actor, parse_failures, parse_methods, parse_mode, parse_role};
use crate::rows::{AuditRow, TenantRow, UserRow};
use crate::sql::CHAIN_COLUMNS;

type Result<T> = std::result::Result<T, StoreError>;

/// The columns of a row, one after the other.
pub(super) struct Columns<'r, D: Dialect> {
    row: &'r D::Row,
    next: usize,
}

impl<'r, D: Dialect> Columns<'r, D> {
    pub const fn of(row: &'r D::Row) -> Self {
        Self { row, next: 0 }
    }

    fn next<T>(
        &mut self,
        get: impl FnOnce(&'r D::Row, usize) -> std::result::Result<Option<T>, sqlx::Error>,
    ) -> Result<Option<T>> {
        self.next += 1;
        get(self.row, self.next - 1).map_err(|_| corrupt("a column has another type"))
    }

    pub fn text(&mut self) -> Result<&'r str> {
        self.next(D::text)?.ok_or_else(|| corrupt("a column is empty"))
    }

    pub fn number(&mut self) -> Result<i64> {
        self.optional_number()?.ok_or_else(|| corrupt("a column is empty"))
    }

    pub fn optional_number(&mut self) -> Result<Option<i64>> {
        self.next(D::number)
    }

    pub fn parse<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(self.text()?).ok_or_else(|| corrupt("a column has an unknown text"))
    }

    pub fn optional<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let text = self.next(D::text)?;
        text.map(|text| parse(text).ok_or_else(|| corrupt("a column has an unknown text"))).transpose()
    }

    pub fn owned(&mut self) -> Result<Option<String>> {
        Ok(self.next(D::text)?.map(str::to_owned))
    }

    pub fn cow(&mut self) -> Result<Option<Cow<'static, str>>> {
        Ok(self.owned()?.map(Cow::Owned))
    }

    fn sealed(&mut self) -> Result<Option<Sealed>> {
        Ok(self.next(D::bytes)?.map(Sealed::new))
    }

    pub fn seq(&mut self) -> Result<Seq> {
        Ok(Seq(self.number()?.cast_unsigned()))
    }

    pub fn time(&mut self) -> Result<Timestamp> {
        Ok(Timestamp(self.number()?))
    }

    pub fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.optional_number()?.map(Timestamp))
    }

    fn flag(&mut self) -> Result<bool> {
        Ok(self.number()? != 0)
    }

    fn optional_flag(&mut self) -> Result<Option<bool>> {
        Ok(self.optional_number()?.map(|flag| flag != 0))
    }

    pub fn optional_small(&mut self) -> Result<Option<u32>> {
        let number = self.optional_number()?.map(u32::try_from).transpose();
        number.map_err(|_| corrupt("a number is out of range"))
    }

    pub fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| corrupt("a number is out of range"))
    }
}

pub(super) fn user_token(text: &str) -> Option<UserToken> {
    UserToken::parse(text).ok()
}

pub(super) fn tenant_id(text: &str) -> Option<TenantId> {
    TenantId::parse(text).ok()
}

pub(super) fn user<D: Dialect>(row: &D::Row) -> Result<UserRow> {
    let mut columns = Columns::<D>::of(row);
    let (tenant, user, mode) = (columns.parse(tenant_id)?, columns.parse(user_token)?, columns.parse(parse_mode)?);
    let account = columns.optional(|text| AccountId::parse(text).ok())?;
    let account_panel_id = columns.sealed()?;
    let (role, registered_at) = (columns.parse(parse_role)?, columns.time()?);
    let (panel_id, email, phone) = (columns.sealed()?, columns.sealed()?, columns.sealed()?);
    let (locale, erased) = (columns.owned()?, columns.flag()?);
    let mut row = UserRow::blank(tenant, user, mode, registered_at);
    row = UserRow { account, account_panel_id, role, panel_id, email, phone, locale, erased, ..row };
    row.use_2fa = columns.optional_flag()?;
    row.may_toggle = columns.optional_flag()?;
    row.methods = columns.parse(parse_methods)?;
    row.enabled_at = columns.optional_time()?;
    row.recovery_left = columns.optional_small()?;
    row.failures = columns.parse(parse_failures)?;
    // `locked_until` is derived from the failures.
    columns.next += 1;
    row.last_verified_at = columns.optional_time()?;
    row.last_failed_at = columns.optional_time()?;
    row.position = columns.seq()?;
    row.audit_seq = columns.seq()?;
    Ok(row)
}

pub(super) fn tenant<D: Dialect>(row: &D::Row) -> Result<TenantRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(TenantRow {
        tenant: columns.parse(tenant_id)?,
        name: columns.text()?.to_owned(),
        preset: columns.owned()?,
        created_at: columns.time()?,
        suspended: columns.flag()?,
        position: columns.seq()?,
    })
}

pub(super) fn audit<D: Dialect>(row: &D::Row) -> Result<AuditRow> {
    audit_row(Columns::<D>::of(row))
}

/// The audit's part of a row of a chain.
pub(super) fn chained_audit<D: Dialect>(row: &D::Row) -> Result<AuditRow> {
    audit_row(Columns::<D> { row, next: CHAIN_COLUMNS })
}

/// The chain's part.
pub(super) struct Link {
    /// Place in the portion, from 1.
    pub n: i64,
    /// Position of the commit.
    pub place: i64,
    /// Of the one before; 0: none, negative: none in the chain.
    pub earlier: i64,
    /// There is an audit's part.
    pub matches: bool,
}

pub(super) fn link<D: Dialect>(row: &D::Row) -> Result<Link> {
    let mut columns = Columns::<D>::of(row);
    let (n, place, earlier) = (columns.number()?, columns.number()?, columns.number()?);
    Ok(Link { n, place, earlier, matches: columns.optional_number()?.is_some() })
}

fn audit_row<D: Dialect>(mut columns: Columns<'_, D>) -> Result<AuditRow> {
    Ok(AuditRow {
        seq: columns.seq()?,
        idx: columns.small()?,
        tenant: columns.parse(tenant_id)?,
        mode: columns.parse(|text| if text == TENANT_WIDE { Some(None) } else { parse_mode(text).map(Some) })?,
        user: columns.optional(user_token)?,
        at: columns.time()?,
        kind: Cow::Owned(columns.text()?.to_owned()),
        actor: columns.parse(parse_actor)?,
        actor_token: columns.optional(user_token)?,
        request_id: columns.owned()?,
        method: columns.cow()?,
        reason: columns.cow()?,
        details: columns.parse(|text| serde_json::from_str(text).ok())?,
        private: columns.sealed()?,
        user_prev: columns.optional_number()?.map(|seq| Seq(seq.cast_unsigned())),
    })
}

pub(super) fn hour<D: Dialect>(row: &D::Row) -> Result<(i64, (Seq, Seq))> {
    let mut columns = Columns::<D>::of(row);
    Ok((columns.number()?, (columns.seq()?, columns.seq()?)))
}

pub(super) fn rows<R, T>(rows: &[R], decode: impl Fn(&R) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(decode).collect()
}

/// The one integer of a query that answers one row.
pub(super) fn one_number<D: Dialect>(rows: &[D::Row]) -> Result<Option<i64>> {
    rows.first().map_or(Ok(None), |row| Columns::<D>::of(row).optional_number())
}

/// The one text of a query that answers one row.
pub(super) fn one_text<D: Dialect>(rows: &[D::Row]) -> Result<&str> {
    Ok(rows.first().map_or(Ok(None), |row| Columns::<D>::of(row).next(D::text))?.unwrap_or_default())
}

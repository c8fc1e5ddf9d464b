//! Rows as they come back.

use std::borrow::Cow;

use twofold_domain::{AccountId, MessageId, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use super::Dialect;
use super::error::corrupt;
use crate::StoreError;
use crate::codec::{TENANT_WIDE, parse_actor, parse_channel, parse_failures, parse_methods, parse_mode, parse_role};
use crate::rows::{AuditRow, DeliveryRow, DeliveryStatus, TenantRow, UserRow};

type Result<T> = std::result::Result<T, StoreError>;

/// The columns of a row, one after the other.
struct Columns<'r, D: Dialect> {
    row: &'r D::Row,
    next: usize,
}

impl<'r, D: Dialect> Columns<'r, D> {
    const fn of(row: &'r D::Row) -> Self {
        Self { row, next: 0 }
    }

    fn next<T>(
        &mut self,
        get: impl FnOnce(&'r D::Row, usize) -> std::result::Result<Option<T>, sqlx::Error>,
    ) -> Result<Option<T>> {
        self.next += 1;
        get(self.row, self.next - 1).map_err(|_| corrupt("a column has another type"))
    }

    fn text(&mut self) -> Result<&'r str> {
        self.next(D::text)?.ok_or_else(|| corrupt("a column is empty"))
    }

    fn number(&mut self) -> Result<i64> {
        self.optional_number()?.ok_or_else(|| corrupt("a column is empty"))
    }

    fn optional_number(&mut self) -> Result<Option<i64>> {
        self.next(D::number)
    }

    fn parse<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(self.text()?).ok_or_else(|| corrupt("a column has an unknown text"))
    }

    fn optional<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let text = self.next(D::text)?;
        text.map(|text| parse(text).ok_or_else(|| corrupt("a column has an unknown text"))).transpose()
    }

    fn owned(&mut self) -> Result<Option<String>> {
        Ok(self.next(D::text)?.map(str::to_owned))
    }

    fn cow(&mut self) -> Result<Option<Cow<'static, str>>> {
        Ok(self.owned()?.map(Cow::Owned))
    }

    fn sealed(&mut self) -> Result<Option<Sealed>> {
        Ok(self.next(D::bytes)?.map(Sealed::new))
    }

    fn seq(&mut self) -> Result<Seq> {
        Ok(Seq(self.number()?.cast_unsigned()))
    }

    fn time(&mut self) -> Result<Timestamp> {
        Ok(Timestamp(self.number()?))
    }

    fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.optional_number()?.map(Timestamp))
    }

    fn flag(&mut self) -> Result<bool> {
        Ok(self.number()? != 0)
    }

    fn optional_flag(&mut self) -> Result<Option<bool>> {
        Ok(self.optional_number()?.map(|flag| flag != 0))
    }

    fn optional_small(&mut self) -> Result<Option<u32>> {
        let number = self.optional_number()?.map(u32::try_from).transpose();
        number.map_err(|_| corrupt("a number is out of range"))
    }

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| corrupt("a number is out of range"))
    }
}

fn user_token(text: &str) -> Option<UserToken> {
    UserToken::parse(text).ok()
}

fn tenant_id(text: &str) -> Option<TenantId> {
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
    Ok(row)
}

pub(super) fn delivery<D: Dialect>(row: &D::Row) -> Result<DeliveryRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(DeliveryRow {
        message: columns.parse(|text| MessageId::parse(text).ok())?,
        tenant: columns.parse(tenant_id)?,
        user: columns.parse(user_token)?,
        mode: columns.parse(parse_mode)?,
        channel: columns.parse(parse_channel)?,
        kind: Cow::Owned(columns.text()?.to_owned()),
        purpose: columns.cow()?,
        status: columns.parse(DeliveryStatus::parse)?,
        requested_at: columns.time()?,
        updated_at: columns.time()?,
        expires_at: columns.time()?,
        attempts: columns.small()?,
        provider_id: columns.owned()?,
        cause: columns.owned()?,
        request_seq: columns.seq()?,
        position: columns.seq()?,
    })
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
    let mut columns = Columns::<D>::of(row);
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

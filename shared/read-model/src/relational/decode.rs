//! Rows as they come back.

use std::borrow::Cow;

use sqlx::Row as _;
use sqlx::sqlite::{Sqlite, SqliteRow};
use twofold_domain::{AccountId, MessageId, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use super::error::corrupt;
use crate::StoreError;
use crate::codec::{TENANT_WIDE, parse_actor, parse_channel, parse_failures, parse_methods, parse_mode, parse_role};
use crate::rows::{AuditRow, DeliveryRow, DeliveryStatus, TenantRow, UserRow};

type Result<T> = std::result::Result<T, StoreError>;

/// The columns of a row, one after the other.
struct Columns<'r> {
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> Columns<'r> {
    const fn of(row: &'r SqliteRow) -> Self {
        Self { row, next: 0 }
    }

    fn get<T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>>(&mut self) -> Result<T> {
        let value = self.row.try_get(self.next).map_err(|_| corrupt("a column has another type"));
        self.next += 1;
        value
    }

    fn parse<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(self.get::<&str>()?).ok_or_else(|| corrupt("a column has an unknown text"))
    }

    fn optional<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let text = self.get::<Option<&str>>()?;
        text.map(|text| parse(text).ok_or_else(|| corrupt("a column has an unknown text"))).transpose()
    }

    fn owned(&mut self) -> Result<Option<String>> {
        self.get()
    }

    fn cow(&mut self) -> Result<Option<Cow<'static, str>>> {
        Ok(self.owned()?.map(Cow::Owned))
    }

    fn sealed(&mut self) -> Result<Option<Sealed>> {
        Ok(self.get::<Option<Vec<u8>>>()?.map(Sealed::new))
    }

    fn seq(&mut self) -> Result<Seq> {
        Ok(Seq(self.get::<i64>()?.cast_unsigned()))
    }

    fn time(&mut self) -> Result<Timestamp> {
        Ok(Timestamp(self.get()?))
    }

    fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    fn flag(&mut self) -> Result<bool> {
        Ok(self.get::<i64>()? != 0)
    }

    fn optional_flag(&mut self) -> Result<Option<bool>> {
        Ok(self.get::<Option<i64>>()?.map(|flag| flag != 0))
    }

    fn optional_small(&mut self) -> Result<Option<u32>> {
        let number = self.get::<Option<i64>>()?.map(u32::try_from).transpose();
        number.map_err(|_| corrupt("a number is out of range"))
    }

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.get::<i64>()?).map_err(|_| corrupt("a number is out of range"))
    }
}

fn user_token(text: &str) -> Option<UserToken> {
    UserToken::parse(text).ok()
}

fn tenant_id(text: &str) -> Option<TenantId> {
    TenantId::parse(text).ok()
}

pub(super) fn user(row: &SqliteRow) -> Result<UserRow> {
    let mut columns = Columns::of(row);
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

pub(super) fn delivery(row: &SqliteRow) -> Result<DeliveryRow> {
    let mut columns = Columns::of(row);
    Ok(DeliveryRow {
        message: columns.parse(|text| MessageId::parse(text).ok())?,
        tenant: columns.parse(tenant_id)?,
        user: columns.parse(user_token)?,
        mode: columns.parse(parse_mode)?,
        channel: columns.parse(parse_channel)?,
        kind: Cow::Owned(columns.get()?),
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

pub(super) fn tenant(row: &SqliteRow) -> Result<TenantRow> {
    let mut columns = Columns::of(row);
    Ok(TenantRow {
        tenant: columns.parse(tenant_id)?,
        name: columns.get()?,
        preset: columns.owned()?,
        created_at: columns.time()?,
        suspended: columns.flag()?,
        position: columns.seq()?,
    })
}

pub(super) fn audit(row: &SqliteRow) -> Result<AuditRow> {
    let mut columns = Columns::of(row);
    Ok(AuditRow {
        seq: columns.seq()?,
        idx: columns.small()?,
        tenant: columns.parse(tenant_id)?,
        mode: columns.parse(|text| if text == TENANT_WIDE { Some(None) } else { parse_mode(text).map(Some) })?,
        user: columns.optional(user_token)?,
        at: columns.time()?,
        kind: Cow::Owned(columns.get()?),
        actor: columns.parse(parse_actor)?,
        actor_token: columns.optional(user_token)?,
        request_id: columns.owned()?,
        method: columns.cow()?,
        reason: columns.cow()?,
        details: columns.parse(|text| serde_json::from_str(text).ok())?,
        private: columns.sealed()?,
    })
}

pub(super) fn hour(row: &SqliteRow) -> Result<(i64, (Seq, Seq))> {
    let mut columns = Columns::of(row);
    Ok((columns.get()?, (columns.seq()?, columns.seq()?)))
}

pub(super) fn rows<T>(rows: &[SqliteRow], decode: impl Fn(&SqliteRow) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(decode).collect()
}

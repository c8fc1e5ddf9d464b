//! Rows of messages, ledgers, figures and suppressed destinations as they come back.

use std::borrow::Cow;

use twofold_domain::MessageId;

use super::Dialect;
use super::decode::{Columns, tenant_id, user_token};
use crate::StoreError;
use crate::codec::{parse_channel, parse_mode};
use crate::projection::hour_start;
use crate::rows::{
    AttemptResult, AttemptRow, DeliveryRow, DeliveryStatus, SuppressionRow, UsageCounts, UsageKey, UsageRow,
};
use crate::sql::USAGE_COUNTS;

type Result<T> = std::result::Result<T, StoreError>;

fn message_id(text: &str) -> Option<MessageId> {
    MessageId::parse(text).ok()
}

pub(super) fn delivery<D: Dialect>(row: &D::Row) -> Result<DeliveryRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(DeliveryRow {
        message: columns.parse(message_id)?,
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
        provider: columns.owned()?,
        provider_id: columns.owned()?,
        cause: columns.owned()?,
        country: columns.owned()?,
        prefix: columns.owned()?,
        accepted_at: columns.optional_time()?,
        delivered_at: columns.optional_time()?,
        used_at: columns.optional_time()?,
        request_seq: columns.seq()?,
        position: columns.seq()?,
    })
}

pub(super) fn attempt<D: Dialect>(row: &D::Row) -> Result<AttemptRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(AttemptRow {
        message: columns.parse(message_id)?,
        seq: columns.seq()?,
        idx: columns.small()?,
        tenant: columns.parse(tenant_id)?,
        at: columns.time()?,
        result: columns.parse(AttemptResult::parse)?,
        attempt: columns.optional_small()?,
        provider: columns.owned()?,
        provider_id: columns.owned()?,
        cause: columns.owned()?,
    })
}

pub(super) fn usage<D: Dialect>(row: &D::Row) -> Result<(UsageKey, UsageCounts)> {
    let mut columns = Columns::<D>::of(row);
    let key = UsageKey {
        hour: columns.number()?,
        tenant: columns.parse(tenant_id)?,
        mode: columns.parse(parse_mode)?.name(),
        channel: columns.parse(parse_channel)?.name(),
        provider: columns.text()?.to_owned(),
        country: columns.text()?.to_owned(),
        prefix: columns.text()?.to_owned(),
    };
    Ok((key, counts(&mut columns)?))
}

/// A line of figures, with what was not told apart absent.
pub(super) fn usage_row<D: Dialect>(row: &D::Row) -> Result<UsageRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(UsageRow {
        hour: columns.optional_number()?.map(hour_start),
        tenant: columns.optional(tenant_id)?,
        mode: columns.optional(parse_mode)?,
        channel: columns.optional(parse_channel)?,
        provider: columns.owned()?,
        country: columns.owned()?,
        prefix: columns.owned()?,
        counts: counts(&mut columns)?,
    })
}

fn counts<D: Dialect>(columns: &mut Columns<'_, D>) -> Result<UsageCounts> {
    let mut members = [0; USAGE_COUNTS.len()];
    for member in &mut members {
        *member = columns.number()?;
    }
    Ok(UsageCounts::of(members))
}

pub(super) fn suppression<D: Dialect>(row: &D::Row) -> Result<SuppressionRow> {
    let mut columns = Columns::<D>::of(row);
    Ok(SuppressionRow {
        tenant: columns.parse(tenant_id)?,
        destination: columns.text()?.to_owned(),
        channel: columns.parse(parse_channel)?,
        cause: Cow::Owned(columns.text()?.to_owned()),
        message: columns.optional(message_id)?,
        since: columns.time()?,
        released_at: columns.optional_time()?,
        position: columns.seq()?,
    })
}

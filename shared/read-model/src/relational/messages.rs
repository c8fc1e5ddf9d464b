//! Queries about messages, what became of them, and suppressed destinations.

use twofold_domain::{MessageId, Mode, TenantId, UserToken};
use twofold_event_log::Seq;

use super::query::{rows, text, values};
use super::sink::number;
use super::{Backend, Scope, Sink as _, Values, decode, decode_delivery};
use crate::StoreError;
use crate::filter::{DeliveryFilter, DeliveryPage, UsageQuery};
use crate::projection::hour;
use crate::rows::{AttemptRow, DeliveryRow, SuppressionRow, UsageRow};
use crate::sql::{self, DeliveryShape, UsageShape};

type Result<T> = std::result::Result<T, StoreError>;

pub(super) async fn deliveries<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    mode: Mode,
    filter: &DeliveryFilter,
    page: DeliveryPage,
) -> Result<Vec<DeliveryRow>> {
    let shape = DeliveryShape {
        user: filter.user.is_some(),
        status: filter.status.is_some(),
        channel: filter.channel.is_some(),
        provider: filter.provider.is_some(),
        country: filter.country.is_some(),
        newest_first: page.newest_first,
    };
    let start = if page.newest_first { i64::MAX } else { 0 };
    let mut values = values::<B>(&[tenant.as_str(), mode.name()]);
    values.number(page.after.map_or(start, number));
    values.number(rows(page.limit));
    let filters = [
        filter.user.as_ref().map(UserToken::as_str),
        filter.status.map(crate::DeliveryStatus::name),
        filter.channel.map(twofold_domain::Channel::name),
        filter.provider.as_deref(),
        filter.country.as_deref(),
    ];
    for text in filters.into_iter().flatten() {
        values.text(text);
    }
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::deliveries(&shape)), values.finish()?).await?;
    decode::rows(&rows, decode_delivery::delivery::<B::Dialect>)
}

pub(super) async fn delivery<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    message: &MessageId,
) -> Result<Option<DeliveryRow>> {
    let values = values::<B>(&[message.as_str(), tenant.as_str()]);
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::delivery()), values.finish()?).await?;
    rows.first().map(decode_delivery::delivery::<B::Dialect>).transpose()
}

pub(super) async fn attempts<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    message: &MessageId,
) -> Result<Vec<AttemptRow>> {
    let mut values = values::<B>(&[message.as_str(), tenant.as_str()]);
    values.number(rows(usize::MAX));
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::attempts()), values.finish()?).await?;
    decode::rows(&rows, decode_delivery::attempt::<B::Dialect>)
}

pub(super) async fn dead_letters<B: Backend>(
    backend: &B,
    tenant: Option<&TenantId>,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<DeliveryRow>> {
    let mut values = Values::<B::Dialect>::default();
    values.number(before.map_or(i64::MAX, number));
    values.number(rows(limit));
    if let Some(tenant) = tenant {
        values.text(tenant.as_str());
    }
    let text = text(sql::dead_letters(tenant.is_some()));
    let rows = backend.fetch(scope(tenant), text, values.finish()?).await?;
    decode::rows(&rows, decode_delivery::delivery::<B::Dialect>)
}

pub(super) async fn delivery_stats<B: Backend>(backend: &B, query: &UsageQuery) -> Result<Vec<UsageRow>> {
    let tenant = query.tenant.as_ref();
    let shape = UsageShape { by: query.by_columns(), of_tenant: tenant.is_some() };
    let mut values = Values::<B::Dialect>::default();
    values.number(hour(query.since));
    values.number(rows(query.limit));
    if let Some(tenant) = tenant {
        values.text(tenant.as_str());
    }
    let rows = backend.fetch(scope(tenant), text(sql::delivery_stats(&shape)), values.finish()?).await?;
    decode::rows(&rows, decode_delivery::usage_row::<B::Dialect>)
}

pub(super) async fn suppressions<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<SuppressionRow>> {
    let mut values = values::<B>(&[tenant.as_str()]);
    values.number(before.map_or(i64::MAX, number));
    values.number(rows(limit));
    let rows = backend.fetch(Scope::Tenant(tenant), text(sql::suppressions()), values.finish()?).await?;
    decode::rows(&rows, decode_delivery::suppression::<B::Dialect>)
}

fn scope(tenant: Option<&TenantId>) -> Scope<'_> {
    tenant.map_or(Scope::Everything, Scope::Tenant)
}

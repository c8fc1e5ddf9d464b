//! Pages of the audit: from a filter to a statement and its values.

use twofold_domain::actor::ActorKind;
use twofold_domain::{Mode, TenantId, Timestamp, UserToken};

use super::sink::number;
use super::{Backend, Scope, Sink, Values, decode, query};
use crate::StoreError;
use crate::filter::{AuditFilter, MAX_KINDS, Page};
use crate::projection::{hour, is_tenant_wide, outcome_kinds};
use crate::rows::AuditRow;
use crate::sql::{self, AuditShape, Lead};

pub(super) async fn page<B: Backend>(
    backend: &B,
    tenant: &TenantId,
    mode: Mode,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditRow>, StoreError> {
    let Some(kinds) = kinds(filter) else { return Ok(Vec::new()) };
    let shape = shape(filter, &kinds, page.newest_first);
    let mut values = Values::<B::Dialect>::default();
    values.text(tenant.as_str());
    values.text(mode.name());
    let start = if page.newest_first { (i64::MAX, i64::MAX) } else { (0, 0) };
    let (seq, idx) = page.after.map_or(start, |(seq, idx)| (number(seq), i64::from(idx)));
    values.number(seq);
    values.number(idx);
    values.number(query::rows(page.limit));
    lead_values(&mut values, &shape.lead, filter, &kinds);
    other_values(&mut values, &shape, filter, &kinds);
    let rows = backend.fetch(Scope::Tenant(tenant), query::text(sql::audit(&shape)), values.finish()?).await?;
    decode::rows(&rows, decode::audit::<B::Dialect>)
}

/// The kinds that the filter leaves: empty for all, none when nothing can match. With those of the whole tenant last.
fn kinds(filter: &AuditFilter) -> Option<Vec<&str>> {
    let wanted = filter.kinds.iter().map(String::as_str);
    let mut kinds: Vec<&str> = match filter.outcome.map(outcome_kinds) {
        None => wanted.collect(),
        Some(of_outcome) if filter.kinds.is_empty() => of_outcome.to_vec(),
        Some(of_outcome) => wanted.filter(|kind| of_outcome.contains(kind)).collect(),
    };
    let unfiltered = filter.kinds.is_empty() && filter.outcome.is_none();
    kinds.sort_unstable_by_key(|kind| (is_tenant_wide(kind), *kind));
    kinds.dedup();
    kinds.truncate(MAX_KINDS);
    (unfiltered || !kinds.is_empty()).then_some(kinds)
}

/// The most selective condition leads.
fn shape(filter: &AuditFilter, kinds: &[&str], newest_first: bool) -> AuditShape {
    let helper = |actor| matches!(actor, ActorKind::AccountAdmin | ActorKind::Support);
    let lead = if filter.request_id.is_some() {
        Lead::Request
    } else if filter.user.is_some() {
        Lead::User
    } else if filter.actor_token.is_some() {
        Lead::ActorToken
    } else if filter.actor.is_some_and(helper) {
        Lead::Helper
    } else if kinds.is_empty() {
        Lead::Mode
    } else {
        let of_mode = kinds.iter().filter(|kind| !is_tenant_wide(kind)).count();
        Lead::Kinds { of_mode, tenant_wide: kinds.len() - of_mode }
    };
    AuditShape {
        newest_first,
        time: filter.from.is_some() || filter.to.is_some(),
        user: filter.user.is_some() && lead != Lead::User,
        actor: filter.actor.is_some() && lead != Lead::Helper,
        actor_token: filter.actor_token.is_some() && lead != Lead::ActorToken,
        kinds: if matches!(lead, Lead::Kinds { .. }) { 0 } else { kinds.len() },
        lead,
    }
}

fn lead_values(values: &mut dyn Sink, lead: &Lead, filter: &AuditFilter, kinds: &[&str]) {
    match lead {
        Lead::Mode => {}
        Lead::Request => values.optional_text(filter.request_id.as_deref()),
        Lead::User => values.optional_text(filter.user.as_ref().map(UserToken::as_str)),
        Lead::ActorToken => values.optional_text(filter.actor_token.as_ref().map(UserToken::as_str)),
        Lead::Helper => values.optional_text(filter.actor.map(ActorKind::name)),
        Lead::Kinds { .. } => kinds.iter().for_each(|kind| values.text(kind)),
    }
}

fn other_values(values: &mut dyn Sink, shape: &AuditShape, filter: &AuditFilter, kinds: &[&str]) {
    if shape.time {
        let from = filter.from.unwrap_or(Timestamp(i64::MIN));
        let to = filter.to.unwrap_or(Timestamp(i64::MAX));
        values.time(from);
        values.time(to);
        values.number(hour(from));
        values.number(hour(to));
    }
    if shape.user {
        values.optional_text(filter.user.as_ref().map(UserToken::as_str));
    }
    if shape.actor {
        values.optional_text(filter.actor.map(ActorKind::name));
    }
    if shape.actor_token {
        values.optional_text(filter.actor_token.as_ref().map(UserToken::as_str));
    }
    if shape.kinds > 0 {
        for kind in kinds {
            values.text(kind);
        }
    }
}

//! Pages of the audit: from a filter to a statement and its values.
//!
//! A user leads before every other condition but a request. Should he have rows outside his chain, which cannot normally be,
//! another condition does, at whatever cost.

use twofold_domain::actor::ActorKind;
use twofold_domain::{Mode, TenantId, Timestamp, UserToken};

use super::sink::number;
use super::{Backend, Scope, Sink, chain, decode, query};
use crate::StoreError;
use crate::filter::{AuditFilter, MAX_KINDS, MAX_PAGE_ROWS, Page};
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
    let asked = Asked { tenant, mode, filter, kinds: &kinds, page };
    let along = filter.user.as_ref().filter(|_| filter.request_id.is_none());
    if let Some(user) = along {
        let found = chain::page(backend, &asked, user, &shape(&asked, Some(Lead::User))).await?;
        if let Some(rows) = found {
            return Ok(rows);
        }
    }
    let shape = shape(&asked, None);
    let mut values = query::values::<B>(&[tenant.as_str(), mode.name()]);
    let (seq, idx) = place(page);
    for number in [seq, idx, query::rows(page.limit)] {
        values.number(number);
    }
    lead_values(&mut values, &shape.lead, filter, &kinds);
    other_values(&mut values, &shape, filter, &kinds);
    let rows = backend.fetch(Scope::Tenant(tenant), query::text(sql::audit(&shape)), values.finish()?).await?;
    decode::rows(&rows, decode::audit::<B::Dialect>)
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub tenant: &'a TenantId,
    pub mode: Mode,
    pub filter: &'a AuditFilter,
    pub kinds: &'a [&'a str],
    pub page: Page,
}

impl Asked<'_> {
    pub fn limit(&self) -> usize {
        self.page.limit.min(MAX_PAGE_ROWS)
    }
}

/// Position and place that the page lies beyond.
pub(super) fn place(page: Page) -> (i64, i64) {
    let start = if page.newest_first { (i64::MAX, i64::MAX) } else { (0, 0) };
    page.after.map_or(start, |(seq, idx)| (number(seq), i64::from(idx)))
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

/// The most selective condition leads, unless another one is told to.
fn shape(asked: &Asked<'_>, lead: Option<Lead>) -> AuditShape {
    let Asked { filter, kinds, .. } = asked;
    let lead = lead.unwrap_or_else(|| lead_of(filter, kinds));
    AuditShape {
        newest_first: asked.page.newest_first,
        time: filter.from.is_some() || filter.to.is_some(),
        user: filter.user.is_some() && lead != Lead::User,
        actor: filter.actor.is_some() && lead != Lead::Helper,
        actor_token: filter.actor_token.is_some() && lead != Lead::ActorToken,
        kinds: if matches!(lead, Lead::Kinds { .. }) { 0 } else { kinds.len() },
        lead,
    }
}

/// Of those that have an index.
fn lead_of(filter: &AuditFilter, kinds: &[&str]) -> Lead {
    let helper = |actor| matches!(actor, ActorKind::AccountAdmin | ActorKind::Support);
    if filter.request_id.is_some() {
        Lead::Request
    } else if filter.actor_token.is_some() {
        Lead::ActorToken
    } else if filter.actor.is_some_and(helper) {
        Lead::Helper
    } else if kinds.is_empty() {
        Lead::Mode
    } else {
        let of_mode = kinds.iter().filter(|kind| !is_tenant_wide(kind)).count();
        Lead::Kinds { of_mode, tenant_wide: kinds.len() - of_mode }
    }
}

fn lead_values(values: &mut dyn Sink, lead: &Lead, filter: &AuditFilter, kinds: &[&str]) {
    match lead {
        // The chain binds its user itself.
        Lead::Mode | Lead::User => {}
        Lead::Request => values.optional_text(filter.request_id.as_deref()),
        Lead::ActorToken => values.optional_text(filter.actor_token.as_ref().map(UserToken::as_str)),
        Lead::Helper => values.optional_text(filter.actor.map(ActorKind::name)),
        Lead::Kinds { .. } => kinds.iter().for_each(|kind| values.text(kind)),
    }
}

pub(super) fn other_values(values: &mut dyn Sink, shape: &AuditShape, filter: &AuditFilter, kinds: &[&str]) {
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

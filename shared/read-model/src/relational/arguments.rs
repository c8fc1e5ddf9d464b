//! Rows as values of a statement.

use super::Sink;
use super::sink::number;
use crate::codec::{failures_text, methods_text, mode_text};
use crate::rows::{AttemptRow, AuditRow, DeliveryRow, SuppressionRow, TenantRow, UsageCounts, UsageKey, UserRow};

/// In the order of [`crate::sql::USER_COLUMNS`].
pub(super) fn whole_user(values: &mut dyn Sink, row: &UserRow) {
    values.text(row.tenant.as_str());
    values.text(row.user.as_str());
    values.text(row.mode.name());
    values.optional_text(row.account.as_ref().map(twofold_domain::AccountId::as_str));
    values.sealed(row.account_panel_id.as_ref());
    values.text(row.role.name());
    values.time(row.registered_at);
    values.sealed(row.panel_id.as_ref());
    values.sealed(row.email.as_ref());
    values.sealed(row.phone.as_ref());
    values.optional_text(row.locale.as_deref());
    values.flag(row.erased);
    changing_state(values, row);
}

/// In the order of [`crate::sql::USER_STATE_COLUMNS`].
pub(super) fn user_state(values: &mut dyn Sink, row: &UserRow) {
    values.text(row.tenant.as_str());
    values.text(row.user.as_str());
    values.text(row.mode.name());
    values.text(row.role.name());
    values.time(row.registered_at);
    values.flag(row.erased);
    changing_state(values, row);
}

fn changing_state(values: &mut dyn Sink, row: &UserRow) {
    values.optional_flag(row.use_2fa);
    values.optional_flag(row.may_toggle);
    values.text(&methods_text(&row.methods));
    values.optional_time(row.enabled_at);
    values.optional_number(row.recovery_left.map(i64::from));
    values.text(&failures_text(&row.failures));
    values.optional_time(row.locked_until());
    values.optional_time(row.last_verified_at);
    values.optional_time(row.last_failed_at);
    values.seq(row.position);
    values.seq(row.audit_seq);
}

/// In the order of [`crate::sql::DELIVERY_COLUMNS`].
pub(super) fn delivery(values: &mut dyn Sink, row: &DeliveryRow) {
    values.text(row.message.as_str());
    values.text(row.tenant.as_str());
    values.text(row.user.as_str());
    values.text(row.mode.name());
    values.text(row.channel.name());
    values.text(&row.kind);
    values.optional_text(row.purpose.as_deref());
    values.text(row.status.name());
    values.time(row.requested_at);
    values.time(row.updated_at);
    values.time(row.expires_at);
    values.number(i64::from(row.attempts));
    values.optional_text(row.provider.as_deref());
    values.optional_text(row.provider_id.as_deref());
    values.optional_text(row.cause.as_deref());
    values.optional_text(row.country.as_deref());
    values.optional_text(row.prefix.as_deref());
    values.optional_time(row.accepted_at);
    values.optional_time(row.delivered_at);
    values.optional_time(row.used_at);
    values.seq(row.request_seq);
    values.seq(row.position);
}

/// In the order of [`crate::sql::ATTEMPT_COLUMNS`].
pub(super) fn attempt(values: &mut dyn Sink, row: &AttemptRow) {
    values.text(row.message.as_str());
    values.seq(row.seq);
    values.number(i64::from(row.idx));
    values.text(row.tenant.as_str());
    values.time(row.at);
    values.text(row.result.name());
    values.optional_number(row.attempt.map(i64::from));
    values.optional_text(row.provider.as_deref());
    values.optional_text(row.provider_id.as_deref());
    values.optional_text(row.cause.as_deref());
}

/// In the order of [`crate::sql::USAGE_COLUMNS`].
pub(super) fn usage(values: &mut dyn Sink, key: &UsageKey, counts: &UsageCounts) {
    usage_key(values, key);
    for member in counts.members() {
        values.number(member);
    }
}

/// In the order of [`crate::sql::USAGE_KEYS`].
pub(super) fn usage_key(values: &mut dyn Sink, key: &UsageKey) {
    values.number(key.hour);
    for text in [key.tenant.as_str(), key.mode, key.channel, &key.provider, &key.country, &key.prefix] {
        values.text(text);
    }
}

/// A key that comes before every key.
pub(super) fn before_all_usage(values: &mut dyn Sink) {
    values.number(i64::MIN);
    for _ in 1..crate::sql::USAGE_KEYS.len() {
        values.text("");
    }
}

/// In the order of [`crate::sql::SUPPRESSION_COLUMNS`].
pub(super) fn suppression(values: &mut dyn Sink, row: &SuppressionRow) {
    values.text(row.tenant.as_str());
    values.text(&row.destination);
    values.text(row.channel.name());
    values.text(&row.cause);
    values.optional_text(row.message.as_ref().map(twofold_domain::MessageId::as_str));
    values.time(row.since);
    values.optional_time(row.released_at);
    values.seq(row.position);
}

/// In the order of [`crate::sql::TENANT_COLUMNS`].
pub(super) fn tenant(values: &mut dyn Sink, row: &TenantRow) {
    values.text(row.tenant.as_str());
    values.text(&row.name);
    values.optional_text(row.preset.as_deref());
    values.time(row.created_at);
    values.flag(row.suspended);
    values.seq(row.position);
}

/// In the order of [`crate::sql::AUDIT_COLUMNS`].
pub(super) fn audit(values: &mut dyn Sink, row: &AuditRow) {
    values.seq(row.seq);
    values.number(i64::from(row.idx));
    values.text(row.tenant.as_str());
    values.text(mode_text(row.mode));
    values.optional_text(row.user.as_ref().map(twofold_domain::UserToken::as_str));
    values.time(row.at);
    values.text(&row.kind);
    values.text(row.actor.name());
    values.optional_text(row.actor_token.as_ref().map(twofold_domain::UserToken::as_str));
    values.optional_text(row.request_id.as_deref());
    values.optional_text(row.method.as_deref());
    values.optional_text(row.reason.as_deref());
    values.text(&row.details.to_string());
    values.sealed(row.private.as_ref());
    values.optional_number(row.user_prev.map(number));
}

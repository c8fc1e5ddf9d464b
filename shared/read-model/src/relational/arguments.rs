//! Rows as values of a statement.

use sqlx::Arguments as _;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use twofold_domain::{Sealed, Timestamp};
use twofold_event_log::Seq;

use super::error::unavailable;
use crate::StoreError;
use crate::codec::{failures_text, methods_text, mode_text};
use crate::rows::{AuditRow, DeliveryRow, TenantRow, UserRow};

/// Values in the order of a statement's placeholders. The first failure is kept, so callers check once.
#[derive(Default)]
pub(super) struct Values {
    arguments: SqliteArguments,
    failed: Option<StoreError>,
}

impl Values {
    pub fn finish(self) -> Result<SqliteArguments, StoreError> {
        self.failed.map_or(Ok(self.arguments), Err)
    }

    pub fn add<'q, T: sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite>>(&mut self, value: T) {
        if let Err(error) = self.arguments.add(value) {
            self.failed.get_or_insert_with(|| unavailable(error));
        }
    }

    pub fn text(&mut self, text: &str) {
        self.add(text);
    }

    pub fn optional_text(&mut self, text: Option<&str>) {
        self.add(text);
    }

    pub fn bytes(&mut self, sealed: Option<&Sealed>) {
        self.add(sealed.map(Sealed::as_bytes));
    }

    pub fn seq(&mut self, seq: Seq) {
        self.add(number(seq));
    }

    pub fn time(&mut self, at: Timestamp) {
        self.add(at.as_millis());
    }

    pub fn optional_time(&mut self, at: Option<Timestamp>) {
        self.add(at.map(Timestamp::as_millis));
    }

    pub fn flag(&mut self, flag: bool) {
        self.add(i64::from(flag));
    }

    pub fn optional_flag(&mut self, flag: Option<bool>) {
        self.add(flag.map(i64::from));
    }
}

/// Positions beyond the database's integers are beyond every commit.
pub(super) fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// In the order of [`crate::sql::USER_COLUMNS`].
pub(super) fn whole_user(values: &mut Values, row: &UserRow) {
    values.text(row.tenant.as_str());
    values.text(row.user.as_str());
    values.text(row.mode.name());
    values.optional_text(row.account.as_ref().map(twofold_domain::AccountId::as_str));
    values.bytes(row.account_panel_id.as_ref());
    values.text(row.role.name());
    values.time(row.registered_at);
    values.bytes(row.panel_id.as_ref());
    values.bytes(row.email.as_ref());
    values.bytes(row.phone.as_ref());
    values.optional_text(row.locale.as_deref());
    values.flag(row.erased);
    changing_state(values, row);
}

/// In the order of [`crate::sql::USER_STATE_COLUMNS`].
pub(super) fn user_state(values: &mut Values, row: &UserRow) {
    values.text(row.tenant.as_str());
    values.text(row.user.as_str());
    values.text(row.mode.name());
    values.text(row.role.name());
    values.time(row.registered_at);
    values.flag(row.erased);
    changing_state(values, row);
}

fn changing_state(values: &mut Values, row: &UserRow) {
    values.optional_flag(row.use_2fa);
    values.optional_flag(row.may_toggle);
    values.add(methods_text(&row.methods));
    values.optional_time(row.enabled_at);
    values.add(row.recovery_left.map(i64::from));
    values.add(failures_text(&row.failures));
    values.optional_time(row.locked_until());
    values.optional_time(row.last_verified_at);
    values.optional_time(row.last_failed_at);
    values.seq(row.position);
}

/// In the order of [`crate::sql::DELIVERY_COLUMNS`].
pub(super) fn delivery(values: &mut Values, row: &DeliveryRow) {
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
    values.add(i64::from(row.attempts));
    values.optional_text(row.provider_id.as_deref());
    values.optional_text(row.cause.as_deref());
    values.seq(row.request_seq);
    values.seq(row.position);
}

/// In the order of [`crate::sql::TENANT_COLUMNS`].
pub(super) fn tenant(values: &mut Values, row: &TenantRow) {
    values.text(row.tenant.as_str());
    values.text(&row.name);
    values.optional_text(row.preset.as_deref());
    values.time(row.created_at);
    values.flag(row.suspended);
    values.seq(row.position);
}

/// In the order of [`crate::sql::AUDIT_COLUMNS`].
pub(super) fn audit(values: &mut Values, row: &AuditRow) {
    values.seq(row.seq);
    values.add(i64::from(row.idx));
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
    values.add(row.details.to_string());
    values.bytes(row.private.as_ref());
}

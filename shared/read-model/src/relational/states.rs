//! Reading the users that [`crate::sql::users_load`] packs into one text.

use std::str::FromStr;

use twofold_domain::{TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use super::error::corrupt;
use crate::StoreError;
use crate::codec::{parse_failures, parse_methods, parse_mode, parse_role};
use crate::rows::UserRow;

/// Users without what only a panel tells. Such a row is folded further and never written as a whole, unless an event
/// has told all of that anew.
pub(super) fn users(text: &str) -> impl Iterator<Item = Result<UserRow, StoreError>> {
    let texts = text.split(';').filter(|user| !user.is_empty());
    texts.map(|text| user(text).ok_or_else(|| corrupt("a user's row cannot be read")))
}

fn user(text: &str) -> Option<UserRow> {
    let mut fields = text.split(' ');
    let mut next = || fields.next();
    let tenant = TenantId::parse(next()?).ok()?;
    let user = UserToken::parse(next()?).ok()?;
    let mode = parse_mode(next()?)?;
    let role = parse_role(next()?)?;
    let registered_at = Timestamp(next()?.parse().ok()?);
    let mut row = UserRow { role, ..UserRow::blank(tenant, user, mode, registered_at) };
    row.erased = flag(next()?)?;
    row.use_2fa = optional(next()?, flag)?;
    row.may_toggle = optional(next()?, flag)?;
    row.methods = parse_methods(next()?)?;
    row.enabled_at = optional(next()?, time)?;
    row.recovery_left = optional(next()?, number)?;
    row.failures = parse_failures(next()?)?;
    // `locked_until` is derived from the failures.
    next()?;
    row.last_verified_at = optional(next()?, time)?;
    row.last_failed_at = optional(next()?, time)?;
    row.position = Seq(number(next()?)?);
    row.audit_seq = Seq(number(next()?)?);
    next().is_none().then_some(row)
}

/// Outer none: malformed; inner none: absent.
#[expect(clippy::option_option, reason = "malformed and absent are not the same")]
fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn time(text: &str) -> Option<Timestamp> {
    number(text).map(Timestamp)
}

fn flag(text: &str) -> Option<bool> {
    number::<u8>(text).map(|flag| flag != 0)
}

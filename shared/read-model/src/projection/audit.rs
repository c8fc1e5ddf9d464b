//! One audit row for every event (C18).

use std::borrow::Cow;

use twofold_domain::delivery::{DeliveryEvent, SuppressionEvent};
use twofold_domain::user::{Proof, UserEvent};
use twofold_domain::{Mode, TenantId, UserToken};
use twofold_event_log::Stored;
use twofold_event_log::wire::{Decoded, Event};

use super::details::event_details;
use super::text::plain;
use crate::filter::Outcome;
use crate::rows::AuditRow;

/// Whom a commit is about. Only the rows know: an ordinary event of a user does not repeat his mode, nor a ledger
/// entry the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The tenant.
    pub tenant: TenantId,
    /// Live or test, where that is known.
    pub mode: Option<Mode>,
    /// The user, where there is one.
    pub user: Option<UserToken>,
}

/// The audit rows of a commit: one for each event in order, except kept answers, which are no concern of the audit. Not yet
/// part of the user's chain.
pub fn audit_rows(stored: &Stored, decoded: &Decoded, about: &About) -> Vec<AuditRow> {
    let meta = &decoded.meta;
    let row = |(idx, event): (usize, &Event)| {
        (!is_hidden(event)).then(|| AuditRow {
            seq: stored.seq,
            idx: u32::try_from(idx).unwrap_or(u32::MAX),
            tenant: about.tenant.clone(),
            mode: about.mode,
            user: about.user.clone(),
            at: meta.at,
            kind: Cow::Borrowed(event.name()),
            actor: meta.actor,
            actor_token: meta.actor_token.clone(),
            request_id: meta.request_id.as_deref().map(plain),
            method: method(event).map(Cow::Borrowed),
            reason: reason(event).map(Cow::Borrowed),
            details: event_details(event),
            private: meta.private.clone(),
            user_prev: None,
        })
    };
    decoded.events.iter().enumerate().filter_map(row).collect()
}

/// The kinds that make up an outcome.
pub const fn outcome_kinds(outcome: Outcome) -> &'static [&'static str] {
    match outcome {
        Outcome::Success => &[
            "verification.succeeded",
            "enrolment.confirmed",
            "delivery.accepted",
            "delivery.captured",
            "delivery.delivered",
        ],
        Outcome::Failure => {
            &["verification.failed", "factor.locked", "delivery.dead", "delivery.expired", "delivery.bounced"]
        }
    }
}

/// Whether events of this name belong to a tenant as a whole and so have no mode.
pub(crate) fn is_tenant_wide(kind: &str) -> bool {
    let of_tenants = ["tenant.", "api_key.", "channel.", "account.", "prefix.", "destination."];
    of_tenants.iter().any(|prefix| kind.starts_with(prefix))
}

const fn is_hidden(event: &Event) -> bool {
    matches!(event, Event::User(UserEvent::ReceiptKept(_)))
}

fn method(event: &Event) -> Option<&'static str> {
    match event {
        Event::User(event) => user_method(event),
        Event::Tenant(event) => super::details::channel_of(event).map(twofold_domain::Channel::name),
        Event::Delivery(DeliveryEvent::Requested(request)) => Some(request.channel.name()),
        Event::Suppression(SuppressionEvent::Suppressed { channel, .. }) => Some(channel.name()),
        Event::Account(_) | Event::Delivery(_) | Event::Suppression(_) => None,
    }
}

fn user_method(event: &UserEvent) -> Option<&'static str> {
    match event {
        UserEvent::EnrolmentStarted { method, .. }
        | UserEvent::EnrolmentConfirmed { method, .. }
        | UserEvent::FactorReplaced { method, .. } => Some(method.name()),
        UserEvent::EnrolmentCodeReissued { code, .. } | UserEvent::ChallengeCodeReissued { code, .. } => {
            Some(code.method.name())
        }
        UserEvent::ChallengeOpened { method, .. } => method.map(twofold_domain::Method::name),
        UserEvent::VerificationSucceeded { proof, .. } => Some(Proof::kind(proof).name()),
        UserEvent::VerificationFailed { kind, .. } | UserEvent::FactorLocked { kind, .. } => Some(kind.name()),
        UserEvent::FactorUnlocked { kind } => kind.map(twofold_domain::FactorKind::name),
        UserEvent::AuthenticatorReset { .. } => Some(twofold_domain::Method::Totp.name()),
        UserEvent::Registered(_)
        | UserEvent::ProfileChanged(_)
        | UserEvent::Use2faSet(_)
        | UserEvent::ToggleRightSet(_)
        | UserEvent::TwoFactorEnabled
        | UserEvent::RecoveryCodesGenerated { .. }
        | UserEvent::TwoFactorReset { .. }
        | UserEvent::TwoFactorDisabled { .. }
        | UserEvent::ReceiptKept(_)
        | UserEvent::UserErased => None,
    }
}

fn reason(event: &Event) -> Option<&'static str> {
    match event {
        Event::User(UserEvent::VerificationFailed { reason, .. }) => Some(reason.name()),
        Event::Suppression(SuppressionEvent::Suppressed { cause, .. }) => Some(cause.name()),
        Event::User(_) | Event::Tenant(_) | Event::Account(_) | Event::Delivery(_) | Event::Suppression(_) => None,
    }
}

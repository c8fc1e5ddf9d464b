//! What can be asked for. Every list is bounded; the tenant is never part of a filter but always a parameter.

use twofold_domain::actor::ActorKind;
use twofold_domain::{AccountId, Channel, Method, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use crate::rows::DeliveryStatus;

/// Rows of one page at most; a larger limit is cut.
pub const MAX_PAGE_ROWS: usize = 500;

/// Kinds of event in one audit filter at most; more are ignored. There are not that many.
pub const MAX_KINDS: usize = 64;

/// Which users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// Of this account.
    pub account: Option<AccountId>,
    /// With a confirmed factor of any of these methods; empty: whatever they have.
    pub methods: Vec<Method>,
    /// With or without a second factor in force.
    pub enabled: Option<bool>,
    /// With or without a lock.
    pub locked: Option<LockedAt>,
}

/// Whether any factor is locked at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedAt {
    /// Now, as the caller's clock has it.
    pub now: Timestamp,
    /// Locked, or not locked.
    pub locked: bool,
}

/// A page of users, in the order of their tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// The last one of the page before.
    pub after: Option<UserToken>,
    /// At most [`MAX_PAGE_ROWS`].
    pub limit: usize,
}

/// A page of tenants, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPage {
    /// The last one of the page before.
    pub after: Option<TenantId>,
    /// At most [`MAX_PAGE_ROWS`].
    pub limit: usize,
}

/// Success or failure, as a set of kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A code was right, or a message was handed over.
    Success,
    /// A code was not accepted, a factor was locked, or a message was not handed over.
    Failure,
}

/// Which events. Everything given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// About this user. Leaves out what concerns the tenant as a whole.
    pub user: Option<UserToken>,
    /// By this kind of actor.
    pub actor: Option<ActorKind>,
    /// By this person.
    pub actor_token: Option<UserToken>,
    /// Of one of these kinds (dotted names); empty: all.
    pub kinds: Vec<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Caused by this request.
    pub request_id: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
}

/// A page of the audit, in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Position and place of the last row of the page before.
    pub after: Option<(Seq, u32)>,
    /// At most [`MAX_PAGE_ROWS`].
    pub limit: usize,
    /// Backwards.
    pub newest_first: bool,
}

/// Which messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// To this user.
    pub user: Option<UserToken>,
    /// In this state.
    pub status: Option<DeliveryStatus>,
    /// On this channel.
    pub channel: Option<Channel>,
    /// Taken, or tried last, by this provider of the channel.
    pub provider: Option<String>,
    /// To this country, ISO 3166 alpha-2; only what a provider took.
    pub country: Option<String>,
}

/// A page of messages, in the order in which they were requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPage {
    /// `request_seq` of the last row of the page before.
    pub after: Option<Seq>,
    /// At most [`MAX_PAGE_ROWS`].
    pub limit: usize,
    /// Backwards.
    pub newest_first: bool,
}

/// What figures of deliveries are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageBy {
    /// The hour in which messages were requested.
    Hour,
    /// Whose.
    Tenant,
    /// Live or test.
    Mode,
    /// How.
    Channel,
    /// By whom.
    Provider,
    /// Whereto.
    Country,
    /// Whereto, more exactly.
    Prefix,
}

impl UsageBy {
    /// Every one, in the order of [`crate::sql::USAGE_KEYS`].
    pub const ALL: [Self; 7] =
        [Self::Hour, Self::Tenant, Self::Mode, Self::Channel, Self::Provider, Self::Country, Self::Prefix];
}

/// Which figures of deliveries: for the operator, or of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// Of the messages requested in the hour of this instant or later; figures are kept for 40 days.
    pub since: Timestamp,
    /// Of this tenant; none: of all, which only the role of `project` may ask for.
    pub tenant: Option<TenantId>,
    /// What is told apart; empty: one line for all.
    pub by: Vec<UsageBy>,
    /// Lines, at most [`MAX_PAGE_ROWS`]: those of the most messages.
    pub limit: usize,
}

impl UsageQuery {
    /// Which of the columns are told apart.
    pub(crate) fn by_columns(&self) -> [bool; UsageBy::ALL.len()] {
        UsageBy::ALL.map(|by| self.by.contains(&by))
    }
}

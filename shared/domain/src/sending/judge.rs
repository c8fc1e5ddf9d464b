//! What the totals say.

use super::{Counted, Limit};
use crate::Timestamp;

/// Why a message must not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WithheldReason {
    /// This address or number has had enough codes, of all tenants together.
    DestinationLimit,
    /// This user has had enough codes.
    UserLimit,
    /// The tenant's budget is used up.
    TenantBudget,
    /// Numbers that begin like this one have had enough codes.
    PrefixLimit,
    /// Mail to the address bounced, or the owner of the number wants no more.
    DestinationSuppressed,
    /// The tenant sends no SMS to that country (C12).
    CountryNotAllowed,
    /// Numbers that begin like this one get nothing: an operator said so, or the alarm did.
    PrefixStopped,
}

impl WithheldReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::DestinationLimit,
        Self::UserLimit,
        Self::TenantBudget,
        Self::PrefixLimit,
        Self::DestinationSuppressed,
        Self::CountryNotAllowed,
        Self::PrefixStopped,
    ];

    /// The stable name in JSON, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DestinationLimit => "destination_limit",
            Self::UserLimit => "user_limit",
            Self::TenantBudget => "tenant_budget",
            Self::PrefixLimit => "prefix_limit",
            Self::DestinationSuppressed => "destination_suppressed",
            Self::CountryNotAllowed => "country_not_allowed",
            Self::PrefixStopped => "prefix_stopped",
        }
    }

    /// What to do, for a panel's developer or support.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::DestinationLimit => {
                "this address or number was sent as many codes as it may get; wait, or offer another method"
            }
            Self::UserLimit => {
                "this user was sent as many codes as settings.delivery allows; wait, or offer another method"
            }
            Self::TenantBudget => {
                "the budget in settings.delivery is used up; raise it, wait for the next day or month, or offer another method"
            }
            Self::PrefixLimit => {
                "numbers that begin like this one were sent as many codes in this hour as settings.delivery allows; wait, or offer another method"
            }
            Self::DestinationSuppressed => {
                "mail to this address came back, or the owner of this number wants no more messages; register another one, or have it released"
            }
            Self::CountryNotAllowed => {
                "settings.sms does not allow this number's country; add it to settings.sms.countries, or offer another method"
            }
            Self::PrefixStopped => {
                "text messages to numbers that begin like this one are stopped; have the prefix released, or offer another method"
            }
        }
    }
}

/// A message that must not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld {
    /// Why.
    pub reason: WithheldReason,
    /// When it can help to ask again; none: not by waiting.
    pub until: Option<Timestamp>,
}

/// What the totals say once the message is in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// It must not go out after all: others were counted at the same moment.
    pub withheld: Option<Withheld>,
    /// Budgets that have just reached the share at which the tenant is warned.
    pub warnings: Vec<Limit>,
}

/// Looks at the totals before a message is counted, so that what is refused uses nothing up. Of several limits that are
/// reached the one that lasts longest is named: it is how long to wait.
pub fn before_counting(limits: &[Limit], totals: &[u64]) -> Option<Withheld> {
    longest(limits.iter().zip(totals).filter(|(limit, total)| **total >= limit.max).map(|(limit, _)| limit))
}

/// Looks at the totals after a message was counted in all of them. They are exact and differ for every message counted, so
/// no more than the limit goes out and one message of all nodes' brings the warning.
pub fn after_counting(limits: &[Limit], totals: &[u64]) -> Verdict {
    let pairs = || limits.iter().zip(totals);
    let withheld = longest(pairs().filter(|(limit, total)| **total > limit.max).map(|(limit, _)| limit));
    let warned = pairs().filter(|(limit, total)| limit.warn_at == Some(**total)).map(|(limit, _)| *limit);
    Verdict { withheld, warnings: warned.collect() }
}

fn longest<'a>(reached: impl Iterator<Item = &'a Limit>) -> Option<Withheld> {
    let last = reached.max_by_key(|limit| limit.window.ends_at())?;
    let reason = match last.counted {
        Counted::Destination => WithheldReason::DestinationLimit,
        Counted::User => WithheldReason::UserLimit,
        Counted::Budget(_) => WithheldReason::TenantBudget,
        Counted::Prefix => WithheldReason::PrefixLimit,
    };
    Some(Withheld { reason, until: Some(last.window.ends_at()) })
}

#[cfg(test)]
mod tests {
    use super::super::Window;
    use super::*;
    use crate::Channel;

    const HOUR: Window = Window::Hour(10);
    const DAY: Window = Window::Day(0);

    fn limit(counted: Counted, window: Window, max: u64, warn_at: Option<u64>) -> Limit {
        Limit { counted, window, max, warn_at }
    }

    fn four() -> [Limit; 4] {
        [
            limit(Counted::Destination, HOUR, 5, None),
            limit(Counted::User, DAY, 60, None),
            limit(Counted::Prefix, HOUR, 3, None),
            limit(Counted::Budget(Channel::Sms), DAY, 10, Some(8)),
        ]
    }

    #[test]
    fn as_many_as_the_limit_go_out_and_not_one_more() {
        let hour = Some(HOUR.ends_at());
        let day = Some(DAY.ends_at());
        for (before, withheld) in [
            ([0, 0, 0, 0], None),
            ([4, 59, 2, 9], None),
            ([5, 59, 2, 9], Some((WithheldReason::DestinationLimit, hour))),
            ([4, 60, 2, 9], Some((WithheldReason::UserLimit, day))),
            ([4, 59, 3, 9], Some((WithheldReason::PrefixLimit, hour))),
            ([4, 59, 2, 10], Some((WithheldReason::TenantBudget, day))),
            // The longest wait is named.
            ([5, 60, 2, 9], Some((WithheldReason::UserLimit, day))),
            ([u64::MAX, 0, 0, 0], Some((WithheldReason::DestinationLimit, hour))),
        ] {
            let seen = before_counting(&four(), &before).map(|found| (found.reason, found.until));
            assert_eq!(seen, withheld, "{before:?} before");
            let after = before.map(|total: u64| total.saturating_add(1));
            let seen = after_counting(&four(), &after).withheld.map(|found| (found.reason, found.until));
            assert_eq!(seen, withheld, "{after:?} after");
        }
    }

    #[test]
    fn the_warning_comes_once_in_a_window() {
        let mut warned = Vec::new();
        for total in 1..=10 {
            let verdict = after_counting(&four(), &[1, 1, 1, total]);
            assert_eq!(verdict.withheld, None);
            warned.extend(verdict.warnings.iter().map(|limit| (limit.counted, total)));
        }
        assert_eq!(warned, [(Counted::Budget(Channel::Sms), 8)]);
    }

    #[test]
    fn reasons_have_names_of_their_own_and_say_what_to_do() {
        let names: std::collections::BTreeSet<_> = WithheldReason::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), WithheldReason::ALL.len());
        assert!(WithheldReason::ALL.iter().all(|reason| reason.advice().len() > 40));
    }
}

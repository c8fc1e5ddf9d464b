//! Which totals a message is measured by.

use super::Window;
use crate::settings::DeliverySettings;
use crate::{Channel, Timestamp};

/// Limits of the operator, over all tenants: they protect the owner of an address or number, whoever sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorLimits {
    /// Codes to one address or number in an hour; none: no limit. 10.
    pub per_destination_hour: Option<u32>,
    /// Codes to one address or number in a day; none: no limit. 40.
    pub per_destination_day: Option<u32>,
}

impl Default for OperatorLimits {
    fn default() -> Self {
        Self { per_destination_hour: Some(10), per_destination_day: Some(40) }
    }
}

/// What of a message the limits depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// How it goes.
    pub channel: Channel,
    /// It carries a code. Otherwise it tells the owner of a change (C16).
    pub is_code: bool,
    /// The number begins like something that can be counted.
    pub has_prefix: bool,
}

/// What a total is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Codes to one address or number, of all tenants.
    Destination,
    /// Codes of one user.
    User,
    /// Messages of one tenant over one channel.
    Budget(Channel),
    /// Codes of one tenant to numbers that begin alike.
    Prefix,
}

/// The most that may be counted in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub counted: Counted,
    /// In which time.
    pub window: Window,
    /// How many may go out.
    pub max: u64,
    /// The total at which the tenant is warned, once.
    pub warn_at: Option<u64>,
}

/// The limits of a message, the narrowest first.
///
/// A message to the owner about a change is measured by the tenant's budgets only: whoever makes a user's codes run
/// into a limit must not keep the user from being told of it (C16).
pub fn limits_of(
    message: Outgoing,
    settings: &DeliverySettings,
    operator: &OperatorLimits,
    at: Timestamp,
) -> Vec<Limit> {
    let mut all = Vec::with_capacity(8);
    let mut add = |counted, window, max: Option<u64>, warn_at| {
        all.extend(max.map(|max| Limit { counted, window, max, warn_at }));
    };
    let (hour, day, month) = (Window::hour(at), Window::day(at), Window::month(at));
    if message.is_code {
        add(Counted::Destination, hour, operator.per_destination_hour.map(u64::from), None);
        add(Counted::Destination, day, operator.per_destination_day.map(u64::from), None);
        add(Counted::User, hour, Some(u64::from(settings.per_user_hour)), None);
        add(Counted::User, day, Some(u64::from(settings.per_user_day)), None);
        if message.has_prefix {
            add(Counted::Prefix, hour, settings.prefix_per_hour.map(u64::from), None);
        }
    }
    let warn_at = |max: Option<u64>| max.and_then(|max| warned_at(max, settings.warn_percent));
    let budget = Counted::Budget(message.channel);
    match message.channel {
        Channel::Email => add(budget, day, settings.email_per_day, warn_at(settings.email_per_day)),
        Channel::Sms => {
            add(budget, day, settings.sms_per_day, warn_at(settings.sms_per_day));
            add(budget, month, settings.sms_per_month, warn_at(settings.sms_per_month));
        }
    }
    all
}

/// The first total that is at least so many percent of the budget; none when nothing is to be said before the end.
fn warned_at(max: u64, percent: u8) -> Option<u64> {
    let at = (u128::from(max) * u128::from(percent)).div_ceil(100);
    u64::try_from(at).ok().filter(|at| (1..=max).contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_290_000_000);

    fn settings() -> DeliverySettings {
        DeliverySettings {
            email_per_day: Some(100),
            sms_per_day: Some(10),
            sms_per_month: Some(99),
            prefix_per_hour: Some(3),
            ..DeliverySettings::default()
        }
    }

    fn shown(message: Outgoing, settings: &DeliverySettings) -> Vec<(Counted, String, u64, Option<u64>)> {
        let letter = |window: Window| window.token()[..1].to_owned();
        limits_of(message, settings, &OperatorLimits::default(), AT)
            .into_iter()
            .map(|limit| (limit.counted, letter(limit.window), limit.max, limit.warn_at))
            .collect()
    }

    #[test]
    fn a_code_is_measured_by_destination_user_prefix_and_budget() {
        let sms = Outgoing { channel: Channel::Sms, is_code: true, has_prefix: true };
        let people = [
            (Counted::Destination, "h".to_owned(), 10, None),
            (Counted::Destination, "d".to_owned(), 40, None),
            (Counted::User, "h".to_owned(), 20, None),
            (Counted::User, "d".to_owned(), 60, None),
        ];
        let money = [
            (Counted::Prefix, "h".to_owned(), 3, None),
            (Counted::Budget(Channel::Sms), "d".to_owned(), 10, Some(8)),
            (Counted::Budget(Channel::Sms), "m".to_owned(), 99, Some(80)),
        ];
        assert_eq!(shown(sms, &settings()), [&people[..], &money[..]].concat());
        let email = Outgoing { channel: Channel::Email, is_code: true, has_prefix: false };
        let budget = [(Counted::Budget(Channel::Email), "d".to_owned(), 100, Some(80))];
        assert_eq!(shown(email, &settings()), [&people[..], &budget[..]].concat());
        // Without numbers of the tenant's own, those that protect people stand.
        assert_eq!(shown(sms, &DeliverySettings::default()), people);
    }

    #[test]
    fn c16_news_for_the_owner_is_measured_by_the_budgets_only() {
        let notice = Outgoing { channel: Channel::Email, is_code: false, has_prefix: false };
        assert_eq!(shown(notice, &settings()), [(Counted::Budget(Channel::Email), "d".to_owned(), 100, Some(80))]);
        assert_eq!(shown(notice, &DeliverySettings::default()), []);
    }

    #[test]
    fn the_warning_comes_with_the_first_total_that_reaches_the_share() {
        for (max, percent, at) in [
            (100, 80, Some(80)),
            (99, 80, Some(80)),
            (1, 80, Some(1)),
            (10, 100, Some(10)),
            (10, 0, None),
            (0, 80, None),
            (10, 101, None),
            (u64::MAX, 100, Some(u64::MAX)),
        ] {
            assert_eq!(warned_at(max, percent), at, "{percent} % of {max}");
        }
    }
}

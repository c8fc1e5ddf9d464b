//! Stretches of time that something is counted in. All of them are of UTC and begin and end for everybody at once, so
//! that every node counts in the same one.

use jiff::civil::date;
use jiff::tz::Offset;

use crate::Timestamp;

const SECS_PER_5_MINUTES: u64 = 300;
const SECS_PER_HOUR: u64 = 3600;
const SECS_PER_DAY: u64 = 86_400;
const MONTHS_PER_YEAR: u64 = 12;

/// One stretch of time, by its number since the epoch (months: since the year 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// Five minutes.
    Minute5(u64),
    /// An hour.
    Hour(u64),
    /// A day.
    Day(u64),
    /// A calendar month.
    Month(u64),
}

impl Window {
    /// The five minutes an instant is in.
    pub const fn minute5(at: Timestamp) -> Self {
        Self::Minute5(at.as_secs() / SECS_PER_5_MINUTES)
    }

    /// The hour an instant is in.
    pub const fn hour(at: Timestamp) -> Self {
        Self::Hour(at.as_secs() / SECS_PER_HOUR)
    }

    /// The day an instant is in.
    pub const fn day(at: Timestamp) -> Self {
        Self::Day(at.as_secs() / SECS_PER_DAY)
    }

    /// The month an instant is in. What lies beyond the year 9999 counts as January 1970.
    pub fn month(at: Timestamp) -> Self {
        let instant = jiff::Timestamp::from_second(at.as_secs().cast_signed()).unwrap_or_default();
        let civil = Offset::UTC.to_datetime(instant);
        let (year, month) = (i64::from(civil.year()).unsigned_abs(), i64::from(civil.month()).unsigned_abs());
        Self::Month(year * MONTHS_PER_YEAR + month.saturating_sub(1))
    }

    /// When it began.
    pub fn starts_at(self) -> Timestamp {
        match self {
            Self::Minute5(n) => nth(n, SECS_PER_5_MINUTES),
            Self::Hour(n) => nth(n, SECS_PER_HOUR),
            Self::Day(n) => nth(n, SECS_PER_DAY),
            Self::Month(n) => first_of_month(n),
        }
    }

    /// When the next one begins.
    pub fn ends_at(self) -> Timestamp {
        match self {
            Self::Minute5(n) => Self::Minute5(n.saturating_add(1)).starts_at(),
            Self::Hour(n) => Self::Hour(n.saturating_add(1)).starts_at(),
            Self::Day(n) => Self::Day(n.saturating_add(1)).starts_at(),
            Self::Month(n) => Self::Month(n.saturating_add(1)).starts_at(),
        }
    }

    /// The form it has in keys: a letter for the length and the number.
    pub fn token(self) -> String {
        match self {
            Self::Minute5(n) => format!("f{n}"),
            Self::Hour(n) => format!("h{n}"),
            Self::Day(n) => format!("d{n}"),
            Self::Month(n) => format!("m{n}"),
        }
    }
}

fn nth(number: u64, secs: u64) -> Timestamp {
    Timestamp(0).plus_secs(number.saturating_mul(secs))
}

fn first_of_month(number: u64) -> Timestamp {
    let year = i16::try_from(number / MONTHS_PER_YEAR).ok().filter(|year| (1970..=9999).contains(year));
    let month = i8::try_from(number % MONTHS_PER_YEAR + 1).unwrap_or(1);
    let begins = year.and_then(|year| Offset::UTC.to_timestamp(date(year, month, 1).at(0, 0, 0, 0)).ok());
    begins.map_or(Timestamp(i64::MAX), |instant| Timestamp(instant.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("an instant")
    }

    #[test]
    fn every_window_holds_its_instant_and_ends_where_the_next_begins() {
        for (text, starts, ends) in [
            ("2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z"),
        ] {
            let month = Window::month(at(text));
            assert_eq!((month.starts_at(), month.ends_at()), (at(starts), at(ends)), "{text}");
            for window in [Window::minute5(at(text)), Window::hour(at(text)), Window::day(at(text)), month] {
                assert!(window.starts_at() <= at(text) && at(text) < window.ends_at(), "{text} {window:?}");
            }
        }
        assert_eq!(Window::day(at("2026-11-22T00:00:00Z")).starts_at(), at("2026-11-22T00:00:00Z"));
        assert_eq!(Window::minute5(at("2026-11-22T10:09:59Z")).ends_at(), at("2026-11-22T10:10:00Z"));
    }

    #[test]
    fn lengths_do_not_share_a_token_and_no_instant_panics() {
        let one = [Window::Minute5(1), Window::Hour(1), Window::Day(1), Window::Month(1)].map(Window::token);
        assert_eq!(one, ["f1", "h1", "d1", "m1"]);
        for odd in [Timestamp(i64::MIN), Timestamp(-1), Timestamp(i64::MAX)] {
            for window in [Window::minute5(odd), Window::hour(odd), Window::day(odd), Window::month(odd)] {
                assert!(window.starts_at() <= window.ends_at(), "{odd:?}");
            }
        }
        assert_eq!(Window::Month(u64::MAX).ends_at(), Timestamp(i64::MAX));
    }
}

//! Instants as the domain sees them: always handed in, never read from a clock.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, zero before 1970.
    pub const fn as_secs(self) -> u64 {
        if self.0 < 0 { 0 } else { (self.0 / 1000).unsigned_abs() }
    }

    /// This instant moved on by some seconds; saturates.
    pub const fn plus_secs(self, secs: u64) -> Self {
        let ms = if secs > 9_000_000_000 { i64::MAX } else { (secs * 1000).cast_signed() };
        Self(self.0.saturating_add(ms))
    }

    /// Whole seconds from `self` until `later`, rounded up; zero when `later` has passed.
    pub const fn secs_until(self, later: Self) -> u64 {
        let ms = later.0.saturating_sub(self.0);
        if ms <= 0 { 0 } else { ms.unsigned_abs().div_ceil(1000) }
    }

    /// RFC 3339 in UTC with milliseconds, the form used by the API, the audit and the logs.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |t| format!("{t:.3}"))
    }

    /// Reads RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let at = Timestamp(1_795_290_000_123);
        assert_eq!(Timestamp::parse_rfc3339(&at.to_rfc3339()), Some(at));
        assert_eq!(at.to_rfc3339(), "2026-11-21T19:40:00.123Z");
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn remaining_time_rounds_up_and_never_goes_below_zero() {
        let now = Timestamp(1_000);
        assert_eq!(now.secs_until(Timestamp(1_001)), 1);
        assert_eq!(now.secs_until(Timestamp(1_000)), 0);
        assert_eq!(now.secs_until(Timestamp(0)), 0);
    }
}

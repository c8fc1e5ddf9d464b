//! Figures of deliveries, by the hour.

use twofold_domain::{Channel, Mode, TenantId, Timestamp};

/// What the messages counted together have in common. Texts are empty where that is not known: the provider before one
/// was asked, country and prefix unless a provider took a text message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// The hour in which they were requested, counted from the epoch.
    pub hour: i64,
    /// Whose.
    pub tenant: TenantId,
    /// Live or test, by its stable name.
    pub mode: &'static str,
    /// How, by its stable name.
    pub channel: &'static str,
    /// Which of the channel's providers tried it last, or took it.
    pub provider: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// The beginning of the number.
    pub prefix: String,
}

/// How many, and how fast. As a difference between two states of the same messages, members may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageCounts {
    /// Messages.
    pub requested: i64,
    /// A provider took it, whatever came afterwards.
    pub accepted: i64,
    /// A provider said that it arrived.
    pub delivered: i64,
    /// It did not arrive after all.
    pub bounced: i64,
    /// Given up.
    pub dead: i64,
    /// Too late to be sent.
    pub expired: i64,
    /// Its code was accepted.
    pub used: i64,
    /// From request to acceptance, summed over the accepted ones.
    pub latency_ms: i64,
}

impl UsageCounts {
    /// The members in the order of the columns.
    pub const fn members(&self) -> [i64; 8] {
        let Self { requested, accepted, delivered, bounced, dead, expired, used, latency_ms } = *self;
        [requested, accepted, delivered, bounced, dead, expired, used, latency_ms]
    }

    /// From the members in the order of the columns.
    pub const fn of(members: [i64; 8]) -> Self {
        let [requested, accepted, delivered, bounced, dead, expired, used, latency_ms] = members;
        Self { requested, accepted, delivered, bounced, dead, expired, used, latency_ms }
    }

    /// Adds `other` so many times: -1 takes it away.
    pub fn add(&mut self, other: &Self, times: i64) {
        let mut members = self.members();
        for (member, more) in members.iter_mut().zip(other.members()) {
            *member = member.saturating_add(more.saturating_mul(times));
        }
        *self = Self::of(members);
    }

    /// Whether nothing is counted.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Accepted codes for each message a provider took; none when none did.
    #[expect(clippy::cast_precision_loss, reason = "a share for people to look at")]
    pub fn conversion(&self) -> Option<f64> {
        (self.accepted > 0).then(|| self.used as f64 / self.accepted as f64)
    }
}

/// One line of the figures. Members that were not asked for are absent, and the figures are sums over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Start of the hour in which the messages were requested.
    pub hour: Option<Timestamp>,
    /// Whose.
    pub tenant: Option<TenantId>,
    /// Live or test.
    pub mode: Option<Mode>,
    /// How.
    pub channel: Option<Channel>,
    /// Empty: no provider was asked.
    pub provider: Option<String>,
    /// Empty: not known, or not a text message.
    pub country: Option<String>,
    /// Empty: not known, or not a text message.
    pub prefix: Option<String>,
    /// The sums.
    pub counts: UsageCounts,
}

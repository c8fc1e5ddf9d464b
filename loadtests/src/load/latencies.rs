//! Latencies in an HDR histogram, and as such in JSON.

use std::time::Duration;

use data_encoding::BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize};

/// Longest that is told apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Microseconds, exact to three digits up to an hour. In JSON the V2 format of HDR histograms, base64, that the usual
/// tools read.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let bounded = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self(bounded.unwrap_or_else(|_| unreachable!("bounds and digits are allowed ones")))
    }
}

impl Latencies {
    /// Adds one. Less than a microsecond counts as one, more than an hour as an hour.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    /// Adds all of another.
    ///
    /// # Errors
    /// Never: all have the same bounds, those that are read as well.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Milliseconds at a quantile between 0 and 1; 0 when there are none.
    pub fn ms(&self, quantile: f64) -> f64 {
        in_ms(self.0.value_at_quantile(quantile))
    }

    /// The longest, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        in_ms(self.0.max())
    }

    /// The average, in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.0.mean() / 1000.0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.reset();
    }
}

#[expect(clippy::cast_precision_loss, reason = "an hour in microseconds is far below 2^52")]
fn in_ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

impl Serialize for Latencies {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(&self.0, &mut bytes).map_err(S::Error::custom)?;
        serializer.serialize_str(&BASE64.encode(&bytes))
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(D::Error::custom)?;
        let histogram = Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(D::Error::custom)?;
        Ok(Self(histogram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_come_back_from_json_as_they_were() {
        let mut latencies = Latencies::default();
        for us in [0, 1, 250, 999_999, 3_600_000_000, 9_000_000_000] {
            latencies.record(Duration::from_micros(us));
        }
        let text = serde_json::to_string(&latencies).expect("written");
        let mut back: Latencies = serde_json::from_str(&text).expect("read");
        assert_eq!(back, latencies);
        assert_eq!((back.count(), back.ms(0.0)), (6, 0.001));
        assert!(back.max_ms() >= 3_600_000.0, "{}", back.max_ms());
        back.add(&latencies).expect("same bounds");
        assert_eq!(back.count(), 12);
        assert!(serde_json::from_str::<Latencies>("\"AAAA\"").is_err());
    }

    #[test]
    fn no_latencies_are_told_as_nothing() {
        let none = Latencies::default();
        assert_eq!((none.count(), none.ms(0.99), none.max_ms()), (0, 0.0, 0.0));
    }
}

//! Shorter ways to write metrics.

use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Writes metrics one after the other.
pub(super) struct Encoder<'a>(pub(super) DescriptorEncoder<'a>);

type Written = std::fmt::Result;

impl Encoder<'_> {
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) -> Written {
        ConstGauge::new(signed(value)).encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    pub(super) fn seconds(&mut self, name: &str, help: &str, value: f64) -> Written {
        let described = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
        ConstGauge::new(value).encode(described)
    }

    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) -> Written {
        ConstCounter::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    /// A gauge with labels; without rows its name alone, so that whoever looks for it knows that it is there.
    pub(super) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (L, V)>,
    ) -> Written {
        self.family(name, help, None, rows)
    }

    /// The same in seconds.
    pub(super) fn seconds_by<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (L, f64)>,
    ) -> Written {
        self.family(name, help, Some(&Unit::Seconds), rows)
    }

    fn family<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        rows: impl Iterator<Item = (L, V)>,
    ) -> Written {
        let mut described = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in rows {
            ConstGauge::new(value).encode(described.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// A counter with labels.
    pub(super) fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (L, u64)>,
    ) -> Written {
        let mut described = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in rows {
            ConstCounter::new(value).encode(described.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// Histograms of seconds with labels; each with its sum and its buckets, which are not cumulated.
    pub(super) fn histograms<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (L, f64, Vec<(f64, u64)>)>,
    ) -> Written {
        let mut described = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (labels, sum, buckets) in rows {
            let count = buckets.iter().map(|(_, count)| count).sum();
            described.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "times of minutes, shown in seconds")]
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

//! The background's numbers among the metrics, read when somebody asks for them.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::health::Health;

/// Reads projector and worker.
#[derive(Debug)]
pub struct Background(pub Health);

impl Collector for Background {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let projected = self.0.projected.borrow().clone();
        gauge(&mut encoder, "projector_lag_commits", "Commits not yet in the read model", projected.lag())?;
        gauge(
            &mut encoder,
            "projector_healthy",
            "1 while the read model follows the log",
            u64::from(projected.is_healthy()),
        )?;
        gauge(&mut encoder, "log_head", "Last position of the event log", projected.head.0)?;
        let Some(sending) = self.0.sending_now() else { return Ok(()) };
        gauge(&mut encoder, "delivery_open_messages", "Messages not yet ended", sending.open)?;
        gauge(&mut encoder, "delivery_in_flight", "Attempts under way", sending.in_flight)?;
        let age = encoder.encode_descriptor(
            "delivery_oldest_age",
            "Age of the oldest open message",
            Some(&Unit::Seconds),
            prometheus_client::metrics::MetricType::Gauge,
        )?;
        ConstGauge::new(seconds(sending.oldest_age_ms)).encode(age)?;
        for (name, help, count) in [
            ("delivery_accepted", "Messages a provider took", sending.accepted),
            ("delivery_dead", "Messages given up", sending.dead),
            ("delivery_retried", "Attempts that failed and were repeated", sending.retried),
            ("delivery_expired", "Messages out of time", sending.expired),
            ("delivery_superseded", "Messages made pointless by something newer", sending.superseded),
            ("delivery_captured", "Messages for the test inbox", sending.captured),
            ("delivery_unreadable", "Requests this version cannot read", sending.unreadable),
        ] {
            let metric =
                encoder.encode_descriptor(name, help, None, prometheus_client::metrics::MetricType::Counter)?;
            ConstCounter::new(count).encode(metric)?;
        }
        Ok(())
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> std::fmt::Result {
    let metric = encoder.encode_descriptor(name, help, None, prometheus_client::metrics::MetricType::Gauge)?;
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)
}

#[expect(clippy::cast_precision_loss, reason = "ages of minutes, shown in seconds")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

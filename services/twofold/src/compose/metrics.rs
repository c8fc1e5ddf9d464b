//! The background's numbers among the metrics: what the last look found, and live ones of projector and worker.

mod delivery;
mod encoder;
mod guard;
mod steering;
mod usage;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use twofold_api::Readiness as _;
use twofold_engine::SnapshotCounts;
use twofold_jetstream::QueueStatus;
use twofold_projector::ProjectorStatus;

use self::encoder::{Encoder, signed};
use super::health::{Health, Look};

/// Reads the health of the process.
#[derive(Debug)]
pub struct Background(pub Health);

impl Collector for Background {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let mut to = Encoder(encoder);
        to.gauge("ready", "1 while the process is ready", u64::from(self.0.condition().troubles.is_empty()))?;
        if let Some(seen) = self.0.seen() {
            looked(&mut to, &seen)?;
        }
        if let Some(age) = self.0.directory().and_then(|status| status.age()) {
            to.seconds("directory_age", "Age of what is known of tenants and keys", age.as_secs_f64())?;
        }
        if let Some(status) = self.0.directory() {
            to.gauge("directory_position", "Last position that changed a tenant or a key", status.reached.0)?;
        }
        if let Some(counts) = self.0.snapshots() {
            snapshots(&mut to, &counts)?;
        }
        if let Some(status) = self.0.projected() {
            projector(&mut to, &status)?;
        }
        if let Some(counts) = self.0.guarded() {
            guard::encode(&mut to, &counts)?;
        }
        if let Some(tenants) = self.0.tenants() {
            steering::encode(&mut to, &tenants)?;
        }
        if let Some(sending) = self.0.sending_in_full() {
            delivery::encode(&mut to, &self.0, &sending)?;
        }
        usage::encode(&mut to, &self.0, &self.0.figures())?;
        Ok(())
    }
}

fn looked(to: &mut Encoder<'_>, seen: &Look) -> std::fmt::Result {
    to.gauge("log_reachable", "1 while the event log answers", u64::from(seen.head.is_ok()))?;
    if let Ok(head) = &seen.head {
        to.gauge("log_head", "Last position of the event log", head.0)?;
    }
    if let Some(keys) = &seen.keys {
        to.gauge("key_store_reachable", "1 while the key store answers", u64::from(keys.is_ok()))?;
    }
    if let Some(position) = &seen.projected_to {
        to.gauge("database_up", "1 while the read model answers", u64::from(position.is_ok()))?;
        if let (Ok(position), Ok(head)) = (position, &seen.head) {
            let lag = head.0.saturating_sub(position.0);
            to.gauge("projector_lag_commits", "Commits not yet in the read model", lag)?;
            to.seconds("projector_lag", "For how long something has not been in the read model", seen.lag_seconds)?;
        }
    }
    let vitals = &seen.vitals;
    for (name, help, value) in [
        ("broker_connected", "1 while the connection to the broker stands", vitals.broker_connected.map(u64::from)),
        ("log_store_bytes", "Bytes of the event log", vitals.log_bytes),
        ("log_store_limit_bytes", "Most bytes the event log may have; 0: as many as fit", vitals.log_limit_bytes),
        ("database_connections", "Connections to the database", vitals.database_connections.map(|(all, _)| all.into())),
        (
            "database_connections_idle",
            "Those in nobody's use",
            vitals.database_connections.map(|(_, idle)| idle.into()),
        ),
    ] {
        if let Some(value) = value {
            to.gauge(name, help, value)?;
        }
    }
    let rows = |count: fn(&QueueStatus) -> u64| {
        vitals.queue.iter().map(move |queue| ([("channel", queue.channel.name())], signed(count(queue))))
    };
    to.gauges("delivery_queue_pending", "Requests that no worker has claimed", rows(|queue| queue.pending))?;
    to.gauges("delivery_queue_unacked", "Requests in the hands of workers", rows(|queue| queue.claimed))
}

fn snapshots(to: &mut Encoder<'_>, counts: &SnapshotCounts) -> std::fmt::Result {
    for (name, help, count) in [
        ("snapshots_read", "Users whose state began with a snapshot", counts.read),
        ("snapshots_absent", "Users without a snapshot", counts.absent),
        ("snapshots_refused", "Snapshots that were not genuine or of another version", counts.refused),
        ("snapshots_unavailable", "Times that snapshots could not be asked for", counts.unavailable),
        ("snapshots_written", "Snapshots kept", counts.written),
        ("snapshots_failed", "Snapshots that could not be kept", counts.failed),
        ("snapshots_dropped", "Snapshots not kept because too many waited", counts.dropped),
    ] {
        to.counter(name, help, count)?;
    }
    Ok(())
}

fn projector(to: &mut Encoder<'_>, status: &ProjectorStatus) -> std::fmt::Result {
    let (healthy, halted) = (u64::from(status.is_healthy()), u64::from(status.halted.is_some()));
    to.gauge("projector_healthy", "1 while the read model follows the log", healthy)?;
    to.gauge("projector_active", "1 while this process projects, 0 while it stands by", u64::from(status.active))?;
    to.gauge("projector_halted", "1 when the projector met what it cannot read", halted)
}

//! How the consumers are made.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull};
use twofold_domain::Channel;

use crate::Names;

/// How long a claim lasts: after a worker's death its messages wait this long for the next one.
pub const CLAIM_LASTS: Duration = Duration::from_secs(30);
/// Messages of one channel that may be claimed at once by all workers together; further ones wait in the stream. Those
/// given back for later count as claimed until they come again, so that a tenant's storm stands in nobody's way up to this.
pub const MAX_CLAIMED: u32 = 200_000;
/// Workers of one channel that may ask at once.
const MAX_ASKING: i64 = 512;

/// How the durable consumer of a channel is made: everything from the start, handed out until acknowledged, without end.
/// Its replicas are those of the stream.
pub fn deliver_consumer_config(names: &Names, channel: Channel) -> pull::Config {
    pull::Config {
        durable_name: Some(names.deliver_consumer(channel)),
        description: Some(format!("Twofold: requests to deliver, {}", channel.name())),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: CLAIM_LASTS,
        max_deliver: -1,
        filter_subject: Names::deliver_filter(channel),
        replay_policy: ReplayPolicy::Instant,
        max_waiting: MAX_ASKING,
        max_ack_pending: i64::from(MAX_CLAIMED),
        num_replicas: 0,
        ..pull::Config::default()
    }
}

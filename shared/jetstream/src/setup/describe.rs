//! What there must be on the server.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use serde_json::{Value, json};
use twofold_domain::Channel;

use super::Remedy;
use crate::{Names, deliver_consumer_config, keys_bucket_config, snapshots_bucket_config, usage_stream_config};

/// Metadata of the stream: the version of its form.
pub(crate) const SCHEMA: &str = "twofold.schema";
/// The only version there is.
pub(crate) const SCHEMA_VERSION: &str = "1";
/// Metadata of the stream: partitions of the users.
pub(crate) const PARTITIONS: &str = "twofold.partitions";
/// Metadata of the stream: the fingerprint of the master key its events are sealed under.
pub(crate) const MASTER: &str = "twofold.master";

/// Setting of a stream: whether the server answers before it writes.
pub(crate) const PERSIST_MODE: &str = "persist_mode";

/// A stream or consumer as it must be.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Such as `stream TWOFOLD`.
    pub what: String,
    /// Its name on the server.
    pub name: String,
    pub config: Value,
    /// Settings that matter, and what may be done about them.
    pub fields: &'static [(&'static str, Remedy)],
}

const LOG_FIELDS: &[(&str, Remedy)] = &[
    ("subjects", Remedy::ByHand),
    ("storage", Remedy::ByHand),
    ("retention", Remedy::ByHand),
    ("mirror", Remedy::ByHand),
    ("sources", Remedy::ByHand),
    ("subject_transform", Remedy::ByHand),
    ("republish", Remedy::ByHand),
    ("sealed", Remedy::ByHand),
    // `async` would answer before the disk has it.
    (PERSIST_MODE, Remedy::ByHand),
    ("allow_msg_ttl", Remedy::ByHand),
    ("allow_rollup_hdrs", Remedy::Init),
    ("discard", Remedy::Init),
    ("discard_new_per_subject", Remedy::Init),
    ("max_age", Remedy::Init),
    ("max_msgs", Remedy::Init),
    ("max_msgs_per_subject", Remedy::Init),
    ("max_msg_size", Remedy::Init),
    ("no_ack", Remedy::Init),
    ("deny_delete", Remedy::Init),
    ("deny_purge", Remedy::Init),
    ("allow_direct", Remedy::Init),
    ("allow_atomic", Remedy::Init),
];

const KEYS_FIELDS: &[(&str, Remedy)] = &[
    ("subjects", Remedy::ByHand),
    ("storage", Remedy::ByHand),
    ("retention", Remedy::ByHand),
    ("sealed", Remedy::ByHand),
    (PERSIST_MODE, Remedy::ByHand),
    ("allow_msg_ttl", Remedy::ByHand),
    // Once set it cannot be taken back, and nothing could be erased.
    ("deny_delete", Remedy::ByHand),
    ("discard", Remedy::Init),
    ("max_age", Remedy::Init),
    ("max_bytes", Remedy::Init),
    ("max_msgs", Remedy::Init),
    ("max_msgs_per_subject", Remedy::Init),
    ("no_ack", Remedy::Init),
    ("allow_atomic", Remedy::Init),
];

const SNAPSHOTS_FIELDS: &[(&str, Remedy)] = &[
    ("subjects", Remedy::ByHand),
    ("storage", Remedy::ByHand),
    ("retention", Remedy::ByHand),
    ("sealed", Remedy::ByHand),
    // Without it no snapshot could be replaced, or none dropped when the bucket is full.
    ("max_msgs_per_subject", Remedy::Init),
    ("discard", Remedy::Init),
    ("allow_direct", Remedy::Init),
];

const USAGE_FIELDS: &[(&str, Remedy)] = &[
    ("subjects", Remedy::ByHand),
    ("storage", Remedy::ByHand),
    ("retention", Remedy::ByHand),
    ("sealed", Remedy::ByHand),
    // The server lets nobody switch it on later.
    ("allow_msg_counter", Remedy::ByHand),
    // Nor this, but what was counted may be forgotten: `init` makes the stream anew.
    (PERSIST_MODE, Remedy::Init),
    ("no_ack", Remedy::Init),
    ("max_msgs_per_subject", Remedy::Init),
    // Shorter than a month, and a budget would begin again too early.
    ("max_age", Remedy::Init),
    ("allow_direct", Remedy::Init),
];

// Where it begins is left out: a consumer that was lost and made anew begins later.
const CONSUMER_FIELDS: &[(&str, Remedy)] = &[
    ("filter_subject", Remedy::ByHand),
    ("filter_subjects", Remedy::ByHand),
    ("ack_policy", Remedy::ByHand),
    ("mem_storage", Remedy::ByHand),
    ("num_replicas", Remedy::ByHand),
    ("ack_wait", Remedy::Init),
    ("max_deliver", Remedy::Init),
    ("max_ack_pending", Remedy::Init),
    ("max_waiting", Remedy::ByHand),
    ("inactive_threshold", Remedy::Init),
    ("headers_only", Remedy::Init),
    ("backoff", Remedy::Init),
];

/// How the stream of the log is made. Nothing in it is ever deleted, replaced or given up for something newer; when it is
/// full it takes no more.
fn log_stream_config(names: &Names, replicas: usize, max_bytes: i64) -> Config {
    Config {
        name: names.stream().to_owned(),
        description: Some("Twofold: the event log".to_owned()),
        subjects: vec![Names::SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_consumers: -1,
        num_replicas: replicas,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: true,
        // Nothing of ours has a message id; see docs/decisions/0009.
        duplicate_window: Duration::from_secs(1),
        ..Config::default()
    }
}

pub(crate) fn log_part(names: &Names, replicas: usize, max_bytes: i64, metadata: &HashMap<String, String>) -> Part {
    let mut config = log_stream_config(names, replicas, max_bytes);
    config.metadata.clone_from(metadata);
    stream_part(&config, LOG_FIELDS)
}

pub(crate) fn keys_part(names: &Names, replicas: usize) -> Part {
    stream_part(&keys_bucket_config(names, replicas), KEYS_FIELDS)
}

/// One replica: it is a cache.
pub(crate) fn snapshots_part(names: &Names, max_bytes: i64) -> Part {
    stream_part(&snapshots_bucket_config(names, 1, max_bytes), SNAPSHOTS_FIELDS)
}

/// As many replicas as the log: without it, text messages stop after a moment.
pub(crate) fn usage_part(names: &Names, replicas: usize, max_bytes: i64) -> Part {
    stream_part(&usage_stream_config(names, replicas, max_bytes), USAGE_FIELDS)
}

pub(crate) fn consumer_part(names: &Names, channel: Channel) -> Part {
    let name = names.deliver_consumer(channel);
    Part {
        what: format!("consumer {name}"),
        name,
        config: json!(deliver_consumer_config(names, channel)),
        fields: CONSUMER_FIELDS,
    }
}

fn stream_part(config: &Config, fields: &'static [(&'static str, Remedy)]) -> Part {
    Part { what: format!("stream {}", config.name), name: config.name.clone(), config: json!(config), fields }
}

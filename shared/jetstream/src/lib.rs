//! The adapters that stand on a NATS server with `JetStream`: the event log, the key store, snapshots, usage, and the
//! queue of messages to deliver. Ports are implemented here; nothing here decides anything.

mod bucket;
mod check;
mod connect;
mod init;
mod keys;
mod log;
mod names;
mod publish;
mod queue;
mod setup;
mod snapshots;
mod usage;

pub use check::{CheckError, CheckOptions, Checked, check};
pub use connect::{Auth, Broker, BrokerOptions, ConnectError, TlsFiles};
pub use init::{InitError, InitOptions, InitReport, init};
pub use keys::{JetStreamKeyStore, keys_bucket_config};
pub use log::{JetStreamLog, JetStreamLogOptions};
pub use names::{NameError, Names};
pub use queue::{CLAIM_LASTS, JetStreamQueue, MAX_CLAIMED, QueueStatus, deliver_consumer_config};
pub use setup::Difference;
pub use snapshots::{JetStreamSnapshots, snapshots_bucket_config};
pub use usage::{JetStreamUsage, usage_stream_config};

//! Making everything on the server, once.

mod steps;

use std::collections::HashMap;

use twofold_domain::Channel;

use steps::Steps;

use crate::Broker;
use crate::setup::{
    Difference, MASTER, PARTITIONS, SCHEMA, SCHEMA_VERSION, consumer_part, keys_part, log_part, snapshots_part,
    usage_part,
};

/// Bytes of the bucket of snapshots, at most this or an eighth of the log. A state takes 1 to 2 KiB.
const SNAPSHOTS: (i64, i64) = (1024 * 1024 * 1024, 8);
/// Bytes of the stream of counters, at most this or a thirty-second of the log. A counter takes about 150 bytes, and a code
/// sent has four or more.
const USAGE: (i64, i64) = (256 * 1024 * 1024, 32);

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitOptions {
    /// Copies of the log and of the keys: 1, 3 or 5, on as many servers.
    pub replicas: usize,
    /// Partitions of the users. Fixed for ever.
    pub partitions: u16,
    /// Bytes the log may take; `None` leaves the limit there is, and at first takes four fifths of what the server has.
    ///
    /// There is always a limit below the server's own. A stream at its limit refuses appends. A server at its own was seen
    /// (2.15.1) to store a part of an atomic batch, or to leave the stream without a leader.
    pub max_bytes: Option<i64>,
    /// Names the master key, so that nobody runs with another one.
    pub master_fingerprint: String,
}

/// What was done, each as `stream TWOFOLD` or `consumer deliver_sms`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InitReport {
    /// Was missing, or was made anew: then it says so.
    pub created: Vec<String>,
    /// Was there and is set otherwise now.
    pub changed: Vec<Difference>,
    /// Was there and needed nothing.
    pub kept: Vec<String>,
}

/// Why it could not be made. Whatever was made before stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// An option is out of range.
    #[error("{0}")]
    Options(&'static str),
    /// The server does not answer or refuses. Internal text.
    #[error("{what}: {reason}")]
    Server {
        /// Which part.
        what: String,
        /// What the server said.
        reason: String,
    },
    /// There is a stream of this name that is no log of ours.
    #[error("there is a stream {0} that is no log of Twofold")]
    NotOurs(String),
    /// The log is of another version, has other partitions, or belongs to another master key.
    #[error("the log has {field} {found}, not {wanted}: this can never be changed; use another stream")]
    Fixed {
        /// What differs: `twofold.schema`, `twofold.partitions` or `twofold.master`.
        field: &'static str,
        /// What the log has.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// Something that is there was set up otherwise, in a way that cannot be changed safely.
    #[error("{}", texts(.0))]
    Unsafe(Vec<Difference>),
}

fn texts(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Makes what is missing, sets what can be set safely, and refuses the rest. Doing it again does nothing. Nothing is ever
/// deleted but the stream of counters, whose totals may be forgotten, when it can become what it must be in no other way.
///
/// # Errors
/// [`InitError`].
pub async fn init(broker: &Broker, options: &InitOptions) -> Result<InitReport, InitError> {
    options.check()?;
    let names = broker.names();
    let mut steps = Steps::new(broker);
    let log = log_part(names, options.replicas, options.max_bytes.unwrap_or(-1), &options.metadata());
    steps.log(&log, options).await?;
    steps.stream(&keys_part(names, options.replicas), Some(options.replicas)).await?;
    steps.beside(&log, SNAPSHOTS, None, |max_bytes| snapshots_part(names, max_bytes)).await?;
    let usage = |max_bytes| usage_part(names, options.replicas, max_bytes);
    steps.usage(&log, USAGE, options.replicas, usage).await?;
    for channel in [Channel::Email, Channel::Sms] {
        steps.consumer(names.stream(), &consumer_part(names, channel)).await?;
    }
    Ok(steps.report)
}

impl InitOptions {
    fn check(&self) -> Result<(), InitError> {
        if !matches!(self.replicas, 1 | 3 | 5) {
            return Err(InitError::Options("replicas: 1, 3 or 5"));
        }
        if self.partitions == 0 {
            return Err(InitError::Options("partitions: at least 1"));
        }
        if self.max_bytes.is_some_and(|bytes| bytes <= 0) {
            return Err(InitError::Options("max_bytes: more than 0"));
        }
        Ok(())
    }

    fn metadata(&self) -> HashMap<String, String> {
        HashMap::from([
            (SCHEMA.to_owned(), SCHEMA_VERSION.to_owned()),
            (PARTITIONS.to_owned(), self.partitions.to_string()),
            (MASTER.to_owned(), self.master_fingerprint.clone()),
        ])
    }
}

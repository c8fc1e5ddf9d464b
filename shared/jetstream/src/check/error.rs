//! Why a broker is not to be trusted.

use super::version::LEAST;
use crate::setup::{ApiError, Difference};

/// Why this process must not run on this broker. The texts are for the operator and say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The server does not answer, or not to this user.
    #[error("the NATS server does not answer: {0}")]
    Unavailable(String),
    /// Something is not there.
    #[error("there is no {missing}: run `twofold init` once")]
    NotInitialised {
        /// Which part.
        missing: String,
    },
    /// The stream is no log of ours, or one of a newer version.
    #[error("the stream is no log of this version of Twofold (it says {found:?})")]
    Schema {
        /// What its metadata say.
        found: String,
    },
    /// Settings are not as `init` makes them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<Difference>),
    /// A server is too old.
    #[error(
        "the NATS server {server} is {version}: install {} or newer, older ones lack atomic batches or lose data",
        shown(LEAST)
    )]
    OldServer {
        /// Its name.
        server: String,
        /// Its version.
        version: String,
    },
    /// Servers acknowledge before the disk has it.
    #[error(
        "NATS servers acknowledge before the disk has it ({}): set `sync_interval: always` in the block `jetstream` of \
         their configuration and restart them",
        .servers.join(", ")
    )]
    SyncNotAlways {
        /// Their names.
        servers: Vec<String>,
    },
    /// Servers do not say whether they do.
    #[error(
        "it cannot be learnt whether the NATS servers sync before they acknowledge ({}): either export \
         $SYS.REQ.SERVER.PING.JSZ of the system account to this one (infra/nats/accounts.conf shows how), or name their \
         monitoring endpoints in the setting nats.monitors",
        .servers.join(", ")
    )]
    SyncUnknown {
        /// Their names.
        servers: Vec<String>,
    },
    /// There is hardly any room left.
    #[error("{what} is {percent} % full: make room before starting, or appends will be refused")]
    Full {
        /// The stream, the account or a server.
        what: String,
        /// Percent in use.
        percent: u64,
    },
}

impl From<ApiError> for CheckError {
    fn from(error: ApiError) -> Self {
        Self::Unavailable(error.text)
    }
}

fn shown(version: [u64; 3]) -> String {
    version.map(|part| part.to_string()).join(".")
}

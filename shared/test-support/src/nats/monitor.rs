//! What the monitoring endpoints say about a cluster.

use anyhow::Result;
use serde::Deserialize;

use crate::probe;

/// `/jsz`, as far as it is used here.
#[derive(Debug, Deserialize)]
pub(super) struct Jsz {
    #[serde(default)]
    meta_cluster: Option<Group>,
    #[serde(default)]
    account_details: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    leader: String,
    #[serde(default)]
    replicas: Vec<Replica>,
}

#[derive(Debug, Deserialize)]
struct Replica {
    #[serde(default)]
    current: bool,
    #[serde(default)]
    offline: bool,
}

#[derive(Debug, Deserialize)]
struct Account {
    #[serde(default)]
    stream_detail: Vec<Stream>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    name: String,
    #[serde(default)]
    cluster: Option<Group>,
}

impl Jsz {
    /// Asks a node.
    pub fn of(monitor_port: u16) -> Result<Self> {
        let (_, body) = probe::get(monitor_port, "/jsz?accounts=true&streams=true")?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Whether this node leads the cluster and finds that many others in step.
    pub fn leads_with(&self, node: &str, others: usize) -> bool {
        self.meta_cluster.as_ref().is_some_and(|meta| {
            let in_step = meta.replicas.iter().filter(|peer| peer.current && !peer.offline).count();
            meta.leader == node && in_step >= others
        })
    }

    /// Whether this node says that it leads the stream. What it says of others may be old.
    pub fn leads_stream(&self, node: &str, stream: &str) -> bool {
        let mut streams = self.account_details.iter().flat_map(|account| &account.stream_detail);
        streams.any(|found| found.name == stream && found.cluster.as_ref().is_some_and(|group| group.leader == node))
    }
}

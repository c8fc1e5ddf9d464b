//! One NATS server, or three.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

/// The broker.
#[derive(Debug)]
pub enum Broker {
    /// One server, one copy.
    Single(Box<NatsServer>),
    /// Three servers, three copies.
    Cluster(Box<NatsCluster>),
}

/// The stream of the log.
pub const STREAM: &str = "TWOFOLD";

impl Broker {
    /// Starts one server or three, which sync before they answer.
    pub fn start(replicas: u8) -> Result<Self> {
        // A node that told clients of the others would lead them around the proxies.
        let options = NatsOptions { advertise: false, ..NatsOptions::default() };
        Ok(if replicas == 1 {
            Self::Single(Box::new(NatsServer::start(&options)?))
        } else {
            Self::Cluster(Box::new(NatsCluster::start(&options)?))
        })
    }

    /// Copies of everything.
    pub fn replicas(&self) -> usize {
        match self {
            Self::Single(_) => 1,
            Self::Cluster(cluster) => cluster.urls().len(),
        }
    }

    /// The process of the first node.
    pub fn pid(&self) -> u32 {
        match self {
            Self::Single(server) => server.pid(),
            Self::Cluster(cluster) => cluster.node(0).pid(),
        }
    }

    /// What the first node calls itself.
    pub fn version(&self) -> Option<String> {
        let node = match self {
            Self::Single(server) => server,
            Self::Cluster(cluster) => cluster.node(0),
        };
        Some(node.monitoring("/varz").ok()?["version"].as_str()?.to_owned())
    }

    /// Where clients connect.
    pub fn urls(&self) -> Vec<String> {
        match self {
            Self::Single(server) => vec![server.url()],
            Self::Cluster(cluster) => cluster.urls(),
        }
    }

    /// The same as addresses.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>> {
        let parse = |url: &String| url.strip_prefix("nats://").and_then(|text| text.parse().ok()).context("an address");
        self.urls().iter().map(parse).collect()
    }

    /// Where they tell about themselves.
    pub fn monitors(&self) -> Vec<String> {
        match self {
            Self::Single(server) => vec![server.monitor()],
            Self::Cluster(cluster) => cluster.monitors(),
        }
    }

    /// The node that leads the log, or another one. Of one server it is that one.
    pub fn choose(&self, leader: bool) -> Result<usize> {
        let Self::Cluster(cluster) = self else { return Ok(0) };
        let leads = cluster.leader_of(STREAM)?.unwrap_or(0);
        Ok(if leader { leads } else { (leads + 1) % self.replicas() })
    }

    /// A node.
    pub fn node(&mut self, index: usize) -> &mut NatsServer {
        match self {
            Self::Single(server) => server,
            Self::Cluster(cluster) => cluster.node_mut(index),
        }
    }
}

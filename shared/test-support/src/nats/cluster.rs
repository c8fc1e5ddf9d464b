//! Three servers that replicate to each other.

use anyhow::{Context, Result};

use super::config::Member;
use super::monitor::Jsz;
use super::{NatsOptions, NatsServer};
use crate::port::PortLease;
use crate::wait;

const NODES: usize = 3;

/// A running cluster; its nodes are killed when it is dropped, and when the test dies.
#[derive(Debug)]
pub struct NatsCluster {
    nodes: Vec<NatsServer>,
    _routes: Vec<PortLease>,
}

impl NatsCluster {
    /// Starts three nodes and waits until a stream with three replicas can be made.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub fn start(options: &NatsOptions) -> Result<Self> {
        let leases = (0..NODES).map(|_| PortLease::take()).collect::<Result<Vec<_>, _>>()?;
        let routes: Vec<u16> = leases.iter().map(PortLease::port).collect();
        let mut nodes = Vec::with_capacity(NODES);
        for (index, &route_port) in routes.iter().enumerate() {
            let member = Member { route_port, routes: routes.clone() };
            let name = format!("n{index}");
            let store_dir = options.store_dir.as_ref().map(|dir| dir.join(&name));
            let options = NatsOptions { port: None, store_dir, ..options.clone() };
            nodes.push(NatsServer::prepare(&options, &name, Some(&member))?);
        }
        let mut cluster = Self { nodes, _routes: leases };
        cluster.restart()?;
        Ok(cluster)
    }

    /// Kills what still runs, starts every node with its ports and store, and waits as [`NatsCluster::start`] does.
    ///
    /// # Errors
    /// Not healthy within a minute.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        for node in &mut self.nodes {
            node.launch()?;
        }
        for node in &mut self.nodes {
            node.wait_until_healthy()?;
        }
        self.wait_until_whole()
    }

    /// `SIGKILL` to every node, as when the power fails, short of what the disks then lose.
    pub fn kill(&mut self) {
        for node in &mut self.nodes {
            node.kill();
        }
    }

    /// Waits until a leader finds all the others in step.
    ///
    /// # Errors
    /// Not within a minute.
    pub fn wait_until_whole(&self) -> Result<()> {
        wait::until("a leader with all others in step", wait::STARTED, || {
            let whole = |node: &NatsServer| {
                Jsz::of(node.monitor_port).is_ok_and(|answer| answer.leads_with(&node.name, NODES - 1))
            };
            Ok(self.nodes.iter().any(whole))
        })
        .with_context(|| self.nodes.iter().map(NatsServer::log).collect::<String>())
    }

    /// Where clients connect, of every node.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(NatsServer::url).collect()
    }

    /// The monitoring endpoints of every node.
    pub fn monitors(&self) -> Vec<String> {
        self.nodes.iter().map(NatsServer::monitor).collect()
    }

    /// A node, from 0.
    ///
    /// # Panics
    /// No such node.
    pub fn node(&self, index: usize) -> &NatsServer {
        &self.nodes[index]
    }

    /// A node, from 0.
    ///
    /// # Panics
    /// No such node.
    pub fn node_mut(&mut self, index: usize) -> &mut NatsServer {
        &mut self.nodes[index]
    }

    /// Which node says that it leads a stream. Nothing while there is an election, or no such stream. Nodes that are down
    /// or paused are passed over.
    ///
    /// # Errors
    /// No node answers.
    pub fn leader_of(&self, stream: &str) -> Result<Option<usize>> {
        let answers: Vec<Option<Jsz>> = self.nodes.iter().map(|node| Jsz::of(node.monitor_port).ok()).collect();
        answers.iter().flatten().next().context("no node answers")?;
        let leads = |(node, answer): (&NatsServer, &Option<Jsz>)| {
            answer.as_ref().is_some_and(|answer| answer.leads_stream(&node.name, stream))
        };
        Ok(self.nodes.iter().zip(&answers).position(leads))
    }
}

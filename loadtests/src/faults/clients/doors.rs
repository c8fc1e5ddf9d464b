//! The ways to the API nodes, as a load balancer in front of them would have.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::answer::Reply;
use super::record::Record;
use crate::client::{Connection, Target};
use crate::random::Dice;

/// Longer than any answer may take: an append is given up after 5 s.
const LONGEST: Duration = Duration::from_secs(20);

/// One client's connections, one to each node at most.
#[derive(Debug)]
pub struct Doors {
    targets: Arc<[Target]>,
    connections: Vec<Option<Connection>>,
    record: Arc<Record>,
}

impl Doors {
    /// To these nodes, with this key.
    pub fn new(addresses: &[SocketAddr], key: &str, record: &Arc<Record>) -> Self {
        let target = |address: &SocketAddr| Target { authority: address.to_string(), key: key.to_owned() };
        let connections = addresses.iter().map(|_| None).collect();
        Self { targets: addresses.iter().map(target).collect(), connections, record: Arc::clone(record) }
    }

    /// The same nodes over other connections.
    pub fn another(&self) -> Self {
        let connections = self.targets.iter().map(|_| None).collect();
        Self { targets: Arc::clone(&self.targets), connections, record: Arc::clone(&self.record) }
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.targets.len()
    }

    /// A node by lot.
    pub fn any(&self, dice: &mut Dice) -> usize {
        usize::try_from(dice.below(self.count() as u64)).unwrap_or(0)
    }

    /// Sends a request to a node, and takes down how it was answered.
    pub async fn send(&mut self, node: usize, method: &str, path: &str, body: &str) -> Reply {
        let reply = match timeout(LONGEST, self.try_send(node, method, path, body)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Reply::Cut,
            Err(_) => Reply::Silence,
        };
        if matches!(reply, Reply::Cut | Reply::Silence) {
            self.connections[node] = None;
        }
        self.record.answer(&reply);
        if reply == Reply::Silence {
            self.record.violation(format!("{method} {path} had no answer within {LONGEST:?}"));
        }
        reply
    }

    async fn try_send(&mut self, node: usize, method: &str, path: &str, body: &str) -> anyhow::Result<Reply> {
        let connection = match &mut self.connections[node] {
            Some(connection) => connection,
            empty => empty.insert(Connection::open(&self.targets[node]).await?),
        };
        let answer = connection.send(method, path, body).await?;
        Ok(Reply::of(answer.status, answer.body))
    }
}

//! Where the load goes, and in whose name.

use anyhow::{Result, ensure};

use crate::client::Target;

/// Servers of one installation, and the keys of one or more tenants.
#[derive(Debug, Clone)]
pub struct Targets {
    nodes: Vec<String>,
    /// The headers of each tenant's requests.
    headers: Vec<String>,
}

impl Targets {
    /// Reads addresses such as `http://127.0.0.1:8080`, each a node that knows all tenants. A key stands for its tenant.
    ///
    /// # Errors
    /// No address or no key; an address of another machine.
    pub fn parse(urls: &[String], keys: &[String]) -> Result<Self> {
        ensure!(!urls.is_empty(), "there is no address to put under load");
        ensure!(
            !keys.is_empty() && u16::try_from(keys.len()).is_ok(),
            "a load needs a key, and at most 65,535 of them"
        );
        let nodes = urls.iter().map(|url| Ok(Target::parse(url, "")?.authority)).collect::<Result<_>>()?;
        let header = |key: &String| format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
        Ok(Self { nodes, headers: keys.iter().map(header).collect() })
    }

    /// How many tenants there are.
    pub fn tenants(&self) -> usize {
        self.headers.len()
    }

    /// The node of a client: clients are shared out evenly.
    pub(super) fn node(&self, client: usize) -> &str {
        &self.nodes[client % self.nodes.len()]
    }

    /// What a request of a tenant says of itself.
    pub(super) fn headers(&self, tenant: u16) -> &str {
        &self.headers[usize::from(tenant) % self.headers.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_shared_out_over_the_nodes_and_other_machines_are_left_alone() {
        let urls = ["http://127.0.0.1:1".to_owned(), "http://localhost:2/".to_owned()];
        let targets = Targets::parse(&urls, &["k".to_owned()]).expect("loopback");
        assert_eq!([0, 1, 2].map(|n| targets.node(n)), ["127.0.0.1:1", "localhost:2", "127.0.0.1:1"]);
        assert!(Targets::parse(&["http://192.0.2.1:80".to_owned()], &["k".to_owned()]).is_err());
        assert!(Targets::parse(&urls, &[]).is_err() && Targets::parse(&[], &["k".to_owned()]).is_err());
    }
}

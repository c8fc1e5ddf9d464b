//! The configuration file of a server.

use std::fmt::Write;
use std::path::Path;

use super::NatsOptions;

/// The name of every cluster of the harness.
const CLUSTER: &str = "twofold-test";

/// What makes a node part of a cluster.
pub(super) struct Member {
    /// Where the others connect.
    pub route_port: u16,
    /// Of every node.
    pub routes: Vec<u16>,
}

/// One server.
pub(super) struct Node<'a> {
    pub name: &'a str,
    pub port: u16,
    pub monitor_port: u16,
    pub store_dir: &'a Path,
    pub member: Option<&'a Member>,
}

impl Node<'_> {
    /// The file's text.
    pub fn config(&self, options: &NatsOptions) -> String {
        let sync = if options.sync_always { "\n  sync_interval: always" } else { "" };
        let limit = options.jetstream_max_file.map_or_else(String::new, |bytes| format!("\n  max_file_store: {bytes}"));
        let mut text = format!(
            "server_name: {}\nlisten: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\njetstream {{\n  store_dir: \"{}\"{sync}{limit}\n}}\n",
            self.name,
            self.port,
            self.monitor_port,
            self.store_dir.display(),
        );
        if let Some(member) = self.member {
            let routes: Vec<String> = member.routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
            let _ = writeln!(
                text,
                "cluster {{\n  name: {CLUSTER}\n  listen: \"127.0.0.1:{}\"\n  no_advertise: {}\n  routes: [{}]\n}}",
                member.route_port,
                !options.advertise,
                routes.join(", "),
            );
        }
        text + &options.extra + "\n"
    }
}

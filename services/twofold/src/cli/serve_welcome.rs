//! What the first start says.

use std::net::SocketAddr;

use crate::compose::{DataDir, FirstKeys};

/// Where the data is, the keys, and three requests that work when pasted as they are.
pub fn welcome(dir: &DataDir, address: SocketAddr, keys: &FirstKeys) -> Vec<String> {
    let path = dir.path().canonicalize().unwrap_or_else(|_| dir.path().to_owned());
    let url = format!("http://{}", reachable(address));
    let test = keys.test.key.expose();
    let curl = format!("curl -sS -H 'Authorization: Bearer {test}'");
    let json = "-H 'Content-Type: application/json'";
    vec![
        "Welcome to Twofold. This is the first start, so there is a tenant named demo now.".to_owned(),
        String::new(),
        format!("  data       {}   (log, keys, master.key: see docs/operations.md for backups)", path.display()),
        format!("  test key   {test}"),
        format!("  live key   {}", keys.live.key.expose()),
        format!("  operator   {}", keys.operator.key.expose()),
        String::new(),
        "The keys are shown this once and stored nowhere; `twofold key create` makes others.".to_owned(),
        "Try it in another terminal: tell of a user, start a set-up, read the audit trail.".to_owned(),
        String::new(),
        format!("{curl} {json} -X PUT {url}/v1/users/alice -d '{{\"email\":\"alice@example.com\"}}'"),
        format!(
            "{curl} {json} {url}/v1/users/alice/enrolments -d '{{\"method\":\"totp\",\"reauth\":{{\"confirmed\":true}}}}'"
        ),
        format!("{curl} {url}/v1/audit"),
        String::new(),
        format!("API documentation: {url}/docs"),
        format!("A whole story, step by step: twofold demo --url {url} --key {test}"),
    ]
}

/// An address that a request can be sent to: that of this machine where it listens on all.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

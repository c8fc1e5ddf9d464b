//! Which classes of address are allowed, and which single exceptions.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::AddressClass;

/// The operator's word on where tenants' messages may go. The default allows public addresses only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddressPolicy {
    /// Loopback, private and shared address space too, and plain HTTP. Still no metadata service and no link-local.
    pub allow_private: bool,
    /// Exceptions: networks (`10.1.0.0/16`) and single services (`mail.internal:587`). They win over everything.
    pub allow: Vec<AllowEntry>,
}

impl AddressPolicy {
    /// Whether a service known by a name and port may be reached at an address.
    pub fn permits(&self, host: &str, address: SocketAddr) -> bool {
        let class = AddressClass::of(address.ip());
        class == AddressClass::Public
            || (self.allow_private && class.is_inside())
            || self.allow.iter().any(|entry| entry.matches(host, address))
    }

    /// Whether plain HTTP may be spoken with a service: inside an operator's own network only.
    pub fn permits_plain_http(&self, host: &str, port: u16) -> bool {
        self.allow_private || self.allow.iter().any(|entry| entry.is_service(host, port))
    }
}

/// One exception to the policy, written `network/prefix` or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AllowEntry {
    /// Every address of a network.
    Network {
        /// Its first address, or any other.
        address: IpAddr,
        /// Leading bits that count.
        prefix: u8,
    },
    /// One service, by the name a tenant writes.
    Service {
        /// Lower case, without brackets or a final dot.
        host: String,
        /// TCP port.
        port: u16,
    },
}

/// An exception that is neither a network nor a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected network/prefix or host:port")]
pub struct AllowEntryError;

impl AllowEntry {
    fn matches(&self, host: &str, to: SocketAddr) -> bool {
        match self {
            Self::Network { address, prefix } => in_network(to.ip(), *address, *prefix),
            Self::Service { .. } => self.is_service(host, to.port()),
        }
    }

    fn is_service(&self, name: &str, number: u16) -> bool {
        match self {
            Self::Service { host, port } => *port == number && *host == plain_host(name),
            Self::Network { .. } => false,
        }
    }
}

fn plain_host(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

fn in_network(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let kept = |bits: u128, width: u32| bits.checked_shr(width.saturating_sub(u32::from(prefix))).unwrap_or(0);
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => kept(u128::from(a.to_bits()), 32) == kept(u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => kept(a.to_bits(), 128) == kept(n.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

impl FromStr for AllowEntry {
    type Err = AllowEntryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((address, prefix)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| AllowEntryError)?;
            let prefix: u8 = prefix.parse().map_err(|_| AllowEntryError)?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (prefix <= most).then_some(Self::Network { address, prefix }).ok_or(AllowEntryError);
        }
        let (host, port) = text.rsplit_once(':').ok_or(AllowEntryError)?;
        let host = plain_host(host);
        let port = port.parse().map_err(|_| AllowEntryError)?;
        if host.is_empty() { Err(AllowEntryError) } else { Ok(Self::Service { host, port }) }
    }
}

impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { address, prefix } => write!(f, "{address}/{prefix}"),
            Self::Service { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Service { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl TryFrom<String> for AllowEntry {
    type Error = AllowEntryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AllowEntry> for String {
    fn from(entry: AllowEntry) -> Self {
        entry.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow_private: bool, allow: &[&str]) -> AddressPolicy {
        AddressPolicy { allow_private, allow: allow.iter().map(|e| e.parse().expect(e)).collect() }
    }

    #[test]
    fn exceptions_are_as_narrow_as_they_are_written() {
        let table = [
            (false, vec![], "93.184.216.34:25", true),
            (false, vec![], "10.1.2.3:25", false),
            (true, vec![], "10.1.2.3:25", true),
            (true, vec![], "169.254.169.254:80", false),
            (true, vec![], "[fe80::1]:25", false),
            (true, vec![], "0.0.0.0:25", false),
            (true, vec![], "[::ffff:10.0.0.1]:25", false),
            (false, vec!["10.1.0.0/16"], "10.1.2.3:25", true),
            (false, vec!["10.1.0.0/16"], "10.2.2.3:25", false),
            (false, vec!["10.1.2.3/32"], "10.1.2.3:25", true),
            (false, vec!["10.1.2.3/32"], "10.1.2.2:25", false),
            (false, vec!["0.0.0.0/0"], "10.1.2.3:25", true),
            (false, vec!["0.0.0.0/0"], "[::1]:25", false),
            (false, vec!["fd00::/8"], "[fd12::1]:25", true),
            (false, vec!["64:ff9b::/96"], "[64:ff9b::1.2.3.4]:25", true),
            (false, vec!["mail.internal:25"], "10.1.2.3:25", true),
            (false, vec!["MAIL.internal.:25"], "10.1.2.3:25", true),
            (false, vec!["mail.internal:587"], "10.1.2.3:25", false),
            (false, vec!["other.internal:25"], "10.1.2.3:25", false),
        ];
        for (private, allow, to, wanted) in table {
            let got = policy(private, &allow).permits("mail.internal", to.parse().expect(to));
            assert_eq!(got, wanted, "{private} {allow:?} {to}");
        }
    }

    #[test]
    fn entries_read_and_write_alike() {
        for text in ["10.0.0.0/8", "fd00::/8", "mail.internal:25", "127.0.0.1:1025", "[::1]:25"] {
            assert_eq!(text.parse::<AllowEntry>().map(|e| e.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "10.0.0.0", "10.0.0.0/33", "::/129", "host", "host:", ":25", "host:65536", "a/8"] {
            assert_eq!(text.parse::<AllowEntry>(), Err(AllowEntryError), "{text}");
        }
    }
}

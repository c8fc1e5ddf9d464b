//! Names to checked addresses, for our own connections and for the HTTP client's.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::AddressPolicy;

/// Most answers of one name looked at.
const ANSWERS_MAX: usize = 16;

/// A name that leads nowhere, or nowhere allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Every address of the host is one the policy refuses.
    #[error("the host's address is not allowed")]
    Refused,
    /// The name has no address, or the name service does not answer.
    #[error("the host has no address")]
    NotFound,
}

/// The address a host text spells out, brackets or not; `None` for a name.
pub fn literal_address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

impl AddressPolicy {
    /// The addresses of a service that may be connected to, in the name service's order.
    ///
    /// # Errors
    /// No address at all, or none the policy permits.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardError> {
        let found: Vec<SocketAddr> = match literal_address(host) {
            Some(ip) => vec![SocketAddr::new(ip, port)],
            // The C library reads odd spellings such as `0x7f.1` as addresses; what it makes of them is checked too.
            None => tokio::net::lookup_host((host, port))
                .await
                .map_err(|_| GuardError::NotFound)?
                .take(ANSWERS_MAX)
                .collect(),
        };
        if found.is_empty() {
            return Err(GuardError::NotFound);
        }
        let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| self.permits(host, *address)).collect();
        if allowed.is_empty() { Err(GuardError::Refused) } else { Ok(allowed) }
    }
}

/// The HTTP client's resolver: one per channel, since an exception may name the port and the client asks without it.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) policy: AddressPolicy,
    pub(crate) port: u16,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { policy, port } = self.clone();
        Box::pin(async move {
            let found = policy.resolve(name.as_str(), port).await?;
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn odd_spellings_of_loopback_are_still_loopback() {
        let policy = AddressPolicy::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "::1",
            "[::1]",
            "0:0:0:0:0:0:0:1",
            "::ffff:127.0.0.1",
            "[::ffff:7f00:1]",
            "0",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "10.0.0.1",
            "64:ff9b::127.0.0.1",
            "fe80::1%1",
        ] {
            let answer = policy.resolve(host, 25).await;
            assert!(answer.is_err(), "{host}: {answer:?}");
        }
        assert_eq!(policy.resolve("localhost", 25).await, Err(GuardError::Refused));
        assert_eq!(policy.resolve("no-such-host.invalid", 25).await, Err(GuardError::NotFound));
        assert_eq!(policy.resolve("8.8.8.8", 25).await, Ok(vec!["8.8.8.8:25".parse().expect("address")]));
    }
}

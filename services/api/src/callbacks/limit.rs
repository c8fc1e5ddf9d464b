//! Sources of callbacks that are not believed. Whoever sends many of them is refused before anything is looked up or
//! computed, so that a forger costs no more than any other request that is turned away.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use parking_lot::Mutex;
use twofold_domain::Timestamp;

/// Refused callbacks of one source within [`WINDOW_SECS`] that are still looked at. Enough for a provider whose token is
/// being changed.
const MAX_REFUSED: u32 = 100;
/// A source is heard again when these are over.
const WINDOW_SECS: u64 = 60;
/// Sources remembered at once; while there are more, those are not limited (C26).
const MAX_SOURCES: usize = 8192;

/// Where a callback comes from: who connected, and whom he says he stands before (the last of `X-Forwarded-For`, which the
/// nearest proxy writes). Whoever connects by himself may write there what he likes, and so takes nobody's place but that
/// of a source of his own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    peer: IpAddr,
    before: Option<IpAddr>,
}

impl Source {
    /// Of a request; none when it is not known who connected.
    pub fn of(parts: &Parts) -> Option<Self> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        let last = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Some(Self { peer: network(peer.ip()), before: last.map(network) })
    }
}

/// An IPv4 address, or the 64 bits of an IPv6 one that tell networks apart.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Refused callbacks of this minute, by source.
#[derive(Debug, Default)]
pub struct RefusedCallbacks(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: u64,
    refused: HashMap<Source, u32>,
}

impl Minute {
    fn at(&mut self, now: Timestamp) -> &mut HashMap<Source, u32> {
        let number = number_of(now);
        if self.number != number {
            self.number = number;
            self.refused.clear();
        }
        &mut self.refused
    }
}

fn number_of(now: Timestamp) -> u64 {
    Timestamp(0).secs_until(now) / WINDOW_SECS
}

impl RefusedCallbacks {
    /// Seconds, at least 1, for which nothing from here is looked at; none when it may be.
    pub fn silence(&self, source: Source, now: Timestamp) -> Option<u64> {
        let is_over = self.0.lock().at(now).get(&source).is_some_and(|refused| *refused >= MAX_REFUSED);
        is_over.then(|| WINDOW_SECS - Timestamp(0).secs_until(now) % WINDOW_SECS)
    }

    /// Counts a callback that was not believed.
    pub fn note(&self, source: Source, now: Timestamp) {
        let mut minute = self.0.lock();
        let refused = minute.at(now);
        if let Some(count) = refused.get_mut(&source) {
            *count = count.saturating_add(1);
        } else if refused.len() < MAX_SOURCES {
            refused.insert(source, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_290_010_000);

    fn source(peer: &str, forwarded: &[&str]) -> Source {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4000);
        parts.extensions.insert(ConnectInfo(peer));
        Source::of(&parts).expect("known")
    }

    #[test]
    fn a_source_is_who_connected_and_what_the_nearest_proxy_says() {
        let proxied = source("10.0.0.1", &["203.0.113.9"]);
        assert_eq!(proxied, source("10.0.0.1", &["8.8.8.8", "1.1.1.1, 203.0.113.9"]));
        assert_ne!(proxied, source("10.0.0.2", &["203.0.113.9"]));
        assert_ne!(proxied, source("10.0.0.1", &[]));
        assert_eq!(source("10.0.0.1", &[]), source("::ffff:10.0.0.1", &["no address"]));
        assert_eq!(source("2001:db8::1", &[]), source("2001:db8::ffff:1", &[]));
        assert_ne!(source("2001:db8::1", &[]), source("2001:db8:0:1::1", &[]));
    }

    #[test]
    fn a_source_is_silenced_until_the_minute_is_over_and_no_other_is() {
        let (forger, other) = (source("10.0.0.1", &["203.0.113.9"]), source("10.0.0.1", &["203.0.113.8"]));
        let refused = RefusedCallbacks::default();
        for _ in 0..MAX_REFUSED {
            assert_eq!(refused.silence(forger, NOW), None);
            refused.note(forger, NOW);
        }
        let rest = refused.silence(forger, NOW).expect("silenced");
        assert!((1..=WINDOW_SECS).contains(&rest));
        assert_eq!(refused.silence(other, NOW), None);
        assert!(refused.silence(forger, NOW.plus_secs(rest - 1)).is_some());
        assert_eq!(refused.silence(forger, NOW.plus_secs(rest)), None);
    }

    #[test]
    fn more_sources_than_fit_are_not_remembered() {
        let refused = RefusedCallbacks::default();
        for n in 0..MAX_SOURCES + 10 {
            let peer = IpAddr::from(u32::try_from(n).expect("small").to_be_bytes());
            refused.note(Source { peer, before: None }, NOW);
        }
        assert_eq!(refused.0.lock().refused.len(), MAX_SOURCES);
    }
}

//! Free ports.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::place;

/// Below the ports the kernel gives to outgoing connections: a client that keeps dialling a server that is down could
/// otherwise be given the server's own port, and talk to itself.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port nobody listens on at this moment. Prefer servers that choose their own.
///
/// # Errors
/// No port left.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A port of 127.0.0.1 that no other user of this harness takes while the lease lives, so that a server that is killed
/// finds it free again.
#[derive(Debug)]
pub struct PortLease {
    port: u16,
    _lock: File,
}

impl PortLease {
    /// Takes one that is free.
    ///
    /// # Errors
    /// No port left, or a temporary directory that cannot be written.
    pub fn take() -> io::Result<Self> {
        static TAKEN: AtomicU16 = AtomicU16::new(0);
        // Tests are processes with neighbouring ids: spread them, so that few ask for the same port. And go on from the
        // last one, so that the clients of a server that was ended do not find another in its place.
        let first = process::id().wrapping_mul(31).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed).into());
        Self::take_from(first)
    }

    /// The first free one from a place on, round and round.
    fn take_from(first: u32) -> io::Result<Self> {
        let dir = place::shared_temp()?.join("ports");
        fs::create_dir_all(&dir)?;
        let skipped = usize::try_from(first % u32::from(COUNT)).unwrap_or(0);
        for port in (FIRST..FIRST + COUNT).cycle().skip(skipped).take(COUNT.into()) {
            let lock = File::create(dir.join(port.to_string()))?;
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) => {}
            }
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(Self { port, _lock: lock });
            }
        }
        Err(io::ErrorKind::AddrNotAvailable.into())
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leased_port_is_free_and_given_to_nobody_else() {
        let one = PortLease::take_from(7_000).unwrap();
        let two = PortLease::take_from(7_000).unwrap();
        assert_ne!(one.port(), two.port());
        TcpListener::bind((Ipv4Addr::LOCALHOST, one.port())).unwrap();
    }

    #[test]
    fn a_port_in_use_is_not_leased() {
        let lease = PortLease::take_from(8_000).unwrap();
        let port = lease.port();
        let _user = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(lease);
        assert_ne!(PortLease::take_from(u32::from(port - FIRST)).unwrap().port(), port);
    }
}

//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

/// A port nobody listens on at this moment. Prefer servers that choose their own.
///
/// # Errors
/// No port left.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

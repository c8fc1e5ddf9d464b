//! A TCP proxy between a client and a server that fails as told.

mod connection;
mod pump;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::connection::Connection;
use crate::port::PortLease;

/// What is wrong with the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// What the server says vanishes: requests arrive and are carried out, acknowledgements are lost.
    DropDown,
    /// What the client says vanishes.
    DropUp,
    /// Every byte arrives that much later, both ways. Order and rate are kept.
    Delay(Duration),
    /// Connections are taken and stay open, and nothing is forwarded. Nothing is lost either: it arrives when this is over.
    HalfOpen,
    /// Present connections end with RST, and so do new ones, at once.
    Reset,
    /// Present connections are closed and new ones refused.
    Refuse,
}

/// What connections are told.
#[derive(Debug, Clone, Copy)]
struct Orders {
    fault: Fault,
    /// How often all present connections were ended: one that is younger than the last time lives on, and a short
    /// [`Fault::Reset`] is not missed.
    ended: u64,
    /// Whether they were ended with RST.
    with_reset: bool,
}

/// What goes on, in numbers.
#[derive(Debug, Default)]
struct Counts {
    live: AtomicUsize,
    held: AtomicUsize,
    lost: AtomicUsize,
}

/// A running proxy; ended when dropped, with its connections.
#[derive(Debug)]
pub struct FaultProxy {
    lease: PortLease,
    orders: watch::Sender<Orders>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts one on a free port of 127.0.0.1, without a fault. It runs on the caller's runtime: a test that blocks its
    /// only thread blocks the proxy too.
    ///
    /// # Errors
    /// No port left.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        let lease = PortLease::take()?;
        let address = local(lease.port());
        let listener = TcpListener::bind(address).await?;
        let (orders, told) = watch::channel(Orders { fault: Fault::None, ended: 0, with_reset: false });
        let counts = Arc::new(Counts::default());
        let door = Door { address, upstream, told, counts: Arc::clone(&counts) };
        let task = tokio::spawn(door.keep(listener));
        Ok(Self { lease, orders, counts, task })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        local(self.lease.port())
    }

    /// `<scheme>://127.0.0.1:<port>`.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address())
    }

    /// From now on, for present and future connections. A connection that has lost bytes to [`Fault::DropDown`] or
    /// [`Fault::DropUp`] ends with RST when the fault changes: TCP never resumes behind a gap.
    pub fn set(&self, fault: Fault) {
        self.orders.send_modify(|orders| {
            orders.fault = fault;
            if matches!(fault, Fault::Reset | Fault::Refuse) {
                orders.ended += 1;
                orders.with_reset = fault == Fault::Reset;
            }
        });
    }

    /// How many connections of clients are open.
    pub fn connections(&self) -> usize {
        self.counts.live.load(Ordering::SeqCst)
    }

    /// How many bytes were lost to [`Fault::DropDown`] and [`Fault::DropUp`] so far. To wait on: an acknowledgement that
    /// was to be lost is.
    pub fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::SeqCst)
    }

    /// How many bytes wait in the proxy, both ways, for a delay to pass, for a fault to end, or for their reader.
    pub fn held(&self) -> usize {
        self.counts.held.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// What takes connections.
struct Door {
    address: SocketAddr,
    upstream: SocketAddr,
    told: watch::Receiver<Orders>,
    counts: Arc<Counts>,
}

impl Door {
    async fn keep(mut self, mut listener: TcpListener) {
        // Dropped with this task, and every connection with it.
        let mut connections = JoinSet::new();
        loop {
            if self.told.borrow_and_update().fault == Fault::Refuse {
                drop(listener);
                if self.told.wait_for(|orders| orders.fault != Fault::Refuse).await.is_err() {
                    return;
                }
                listener = self.open_again().await;
            }
            tokio::select! {
                biased;
                changed = self.told.changed() => if changed.is_err() { return },
                taken = listener.accept() => if let Ok((client, _)) = taken {
                    let (told, counts) = (self.told.clone(), Arc::clone(&self.counts));
                    connections.spawn(Connection::new(client, self.upstream, told, counts).run());
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn open_again(&self) -> TcpListener {
        loop {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                return listener;
            }
            // The harness holds the port; who has it all the same will be done soon.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

//! One connection through the proxy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::pump::{Pump, Way};
use super::{Counts, Fault, Orders};

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As its two sides wished, or closed.
    Quiet,
    /// With RST to both.
    Reset,
}

/// A client's connection.
pub(super) struct Connection {
    client: TcpStream,
    upstream: SocketAddr,
    told: watch::Receiver<Orders>,
    born: u64,
    counted: Counted,
}

impl Connection {
    pub fn new(client: TcpStream, upstream: SocketAddr, told: watch::Receiver<Orders>, counts: Arc<Counts>) -> Self {
        let born = told.borrow().ended;
        Self { client, upstream, told, born, counted: Counted::new(counts) }
    }

    /// Until it ends.
    pub async fn run(self) {
        // Counted until its sockets are closed: what is named first is dropped last.
        let Self { counted, mut client, upstream, mut told, born } = self;
        let _ = client.set_nodelay(true);
        let fault = told.borrow().fault;
        match fault {
            Fault::Reset => return reset(&client),
            // Taken a moment before the door was closed.
            Fault::Refuse => return,
            Fault::None | Fault::DropDown | Fault::DropUp | Fault::Delay(_) | Fault::HalfOpen => {}
        }
        // A server behind a broken network is not reached before it heals.
        let healed =
            told.wait_for(|orders| orders.fault != Fault::HalfOpen || orders.ended != born).await.map(|now| *now);
        match healed {
            Ok(orders) if orders.ended == born => {}
            Ok(orders) if orders.with_reset => return reset(&client),
            Ok(_) | Err(_) => return,
        }
        let Ok(mut server) = TcpStream::connect(upstream).await else {
            return reset(&client);
        };
        let _ = server.set_nodelay(true);
        if forward(&mut client, &mut server, told, born, &counted.0).await == End::Reset {
            reset(&client);
            reset(&server);
        }
    }
}

async fn forward(
    client: &mut TcpStream,
    server: &mut TcpStream,
    mut told: watch::Receiver<Orders>,
    born: u64,
    counts: &Counts,
) -> End {
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let up = Pump { way: Way::Up, told: told.clone(), counts };
    let down = Pump { way: Way::Down, told: told.clone(), counts };
    let both_ways = async { tokio::try_join!(up.run(from_client, to_server), down.run(from_server, to_client)) };
    let ended = async { told.wait_for(|orders| orders.ended != born).await.map(|orders| orders.with_reset) };
    tokio::select! {
        biased;
        with_reset = ended => if with_reset.unwrap_or(false) { End::Reset } else { End::Quiet },
        done = both_ways => done.map_or_else(|end| end, |_| End::Quiet),
    }
}

/// What is dropped after this sends RST instead of FIN.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Counts a connection as long as it lives.
struct Counted(Arc<Counts>);

impl Counted {
    fn new(counts: Arc<Counts>) -> Self {
        counts.live.fetch_add(1, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}

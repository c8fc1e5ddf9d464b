//! What stands before several processes: every connection goes to one of them by chance.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A balancer; gone when dropped, connections included.
#[derive(Debug)]
pub struct Balancer {
    pub address: SocketAddr,
    /// Keeps it alive.
    _runtime: Runtime,
}

impl Balancer {
    pub fn before(nodes: Vec<SocketAddr>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("bound");
        runtime.spawn(spread(listener, nodes));
        Self { address, _runtime: runtime }
    }
}

async fn spread(listener: TcpListener, nodes: Vec<SocketAddr>) {
    let dice = RandomState::new();
    for throw in 0_u64.. {
        let Ok((mut from, _)) = listener.accept().await else { return };
        let node = nodes[usize::try_from(dice.hash_one(throw) % nodes.len() as u64).expect("small")];
        tokio::spawn(async move {
            // A process that is gone ends the connection: nothing is tried again behind the test's back.
            let Ok(mut to) = TcpStream::connect(node).await else { return };
            let _ = (from.set_nodelay(true), to.set_nodelay(true));
            let _ = copy_bidirectional(&mut from, &mut to).await;
        });
    }
}

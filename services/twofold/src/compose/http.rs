//! The HTTP/1 server: accepts, bounds, and drains.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at a time; further ones wait in the kernel's queue (C26).
const MAX_CONNECTIONS: usize = 16_384;
/// Time for the head of a request; also how long an idle connection is kept, and so longer than the 60 s after which
/// the usual balancers and client pools let go of theirs.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(75);
/// Bytes of a request's head, and of what is read ahead on a connection.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Header fields of a request.
const MAX_HEADERS: usize = 64;
/// Time for requests in flight once the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// Pause after the kernel refused to hand out a connection (out of descriptors, most likely).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Where those who may not be who they say are told apart by where they come from.
const CALLBACKS: &str = "/v1/callbacks/";

/// What answers requests: first that the process is starting, later everything. A connection sees the change.
#[derive(Debug, Clone)]
pub struct Front(Arc<RwLock<Router>>);

impl Front {
    /// Begins with this.
    pub fn new(router: Router) -> Self {
        Self(Arc::new(RwLock::new(router)))
    }

    /// From now on, this answers.
    pub fn open(&self, router: Router) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    fn now(&self) -> Router {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A bound server.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl HttpServer {
    /// Takes the port.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens; the port is the real one when 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to stop, then lets requests in flight finish for up to 10 seconds.
    pub async fn run(self, front: Front, stop: CancellationToken) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let builder = Arc::new(builder());
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let serving = connection(Arc::clone(&builder), stream, peer, front.clone(), stop.clone());
                    connections.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
            tracing::warn!(left = connections.len(), "requests did not finish within 10 s and are cut off");
        }
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .keep_alive(true)
        .pipeline_flush(true)
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
}

async fn connection(
    builder: Arc<http1::Builder>,
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    stop: CancellationToken,
) {
    // A code is a few hundred bytes: it must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection is gone already");
        return;
    }
    let answer = service_fn(|mut request: hyper::Request<Incoming>| {
        // Told to those only who ask, for it costs every request an allocation.
        if request.uri().path().starts_with(CALLBACKS) {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        TowerToHyperService::new(front.now()).call(request)
    });
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let ended: Result<Result<(), hyper::Error>, Infallible> = tokio::select! {
        ended = serving.as_mut() => Ok(ended),
        () = stop.cancelled() => {
            // Answers what was asked and then says goodbye.
            serving.as_mut().graceful_shutdown();
            Ok(serving.await)
        }
    };
    if let Ok(Err(error)) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

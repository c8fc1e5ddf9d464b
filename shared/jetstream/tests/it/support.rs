//! Servers with everything made on them, logs over connections of their own, and waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use twofold_event_log::conformance::{Harness, Sample};
use twofold_event_log::{Append, AppendError, Appended, BoxFuture, EventLog, MAX_READ_COMMITS, NewCommit, Seq, Stored};
use twofold_jetstream::{Broker, BrokerOptions, InitOptions, InitReport, JetStreamLog, JetStreamLogOptions, init};
use twofold_test_support::{FaultProxy, NatsCluster, NatsOptions, NatsServer};

/// For conditions that come about by themselves, on a machine that does many other things.
const PATIENCE: Duration = Duration::from_mins(1);

pub fn init_options(replicas: usize) -> InitOptions {
    InitOptions { replicas, partitions: 64, max_bytes: None, master_fingerprint: "0123abcd".to_owned() }
}

pub async fn connect(servers: Vec<String>) -> Broker {
    let options = BrokerOptions { servers, ..BrokerOptions::local("") };
    Broker::connect(&options).await.expect("the broker is there")
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Waits for something.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// A server or a cluster, ready for logs.
pub struct Site<S> {
    pub servers: S,
    pub urls: Vec<String>,
    pub options: JetStreamLogOptions,
}

impl Site<NatsServer> {
    /// One server, nothing replicated.
    pub async fn alone() -> Self {
        let server = NatsServer::start(&NatsOptions::default()).expect("the server starts");
        let urls = vec![server.url()];
        Self::made(server, urls, init_options(1)).await
    }

    /// The same with little room.
    pub async fn small(options: &NatsOptions, max_bytes: Option<i64>) -> Self {
        let server = NatsServer::start(options).expect("the server starts");
        let urls = vec![server.url()];
        Self::made(server, urls, InitOptions { max_bytes, ..init_options(1) }).await
    }

    /// A proxy before the server, and a log that knows no other way.
    pub async fn behind_a_proxy(&self) -> (FaultProxy, Broker, Arc<JetStreamLog>) {
        let proxy = FaultProxy::start(([127, 0, 0, 1], self.servers.port()).into()).await.expect("the proxy starts");
        let broker = connect(vec![proxy.url("nats")]).await;
        let log = JetStreamLog::open(&broker, self.options.clone()).await.expect("the log opens");
        (proxy, broker, Arc::new(log))
    }
}

/// Makes everything. Three servers on a busy machine may take longer than one request waits; making is safe to repeat.
pub async fn made(broker: &Broker, options: &InitOptions) -> InitReport {
    let mut made = init(broker, options).await;
    for _ in 1..5 {
        if made.is_ok() {
            break;
        }
        made = init(broker, options).await;
    }
    made.expect("everything is made")
}

impl Site<NatsCluster> {
    /// Three servers, everything on all of them.
    pub async fn cluster() -> Self {
        let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
        let urls = cluster.urls();
        Self::made(cluster, urls, init_options(3)).await
    }
}

impl<S> Site<S> {
    async fn made(servers: S, urls: Vec<String>, options: InitOptions) -> Self {
        let broker = connect(urls.clone()).await;
        made(&broker, &options).await;
        broker.close().await;
        Self { servers, urls, options: JetStreamLogOptions::default() }
    }

    /// The same, with other options for its logs.
    pub fn with(mut self, change: impl FnOnce(&mut JetStreamLogOptions)) -> Self {
        change(&mut self.options);
        self
    }

    pub async fn broker(&self) -> Broker {
        connect(self.urls.clone()).await
    }

    /// One more handle over a connection of its own.
    pub async fn log(&self) -> Arc<JetStreamLog> {
        Arc::new(JetStreamLog::open(&self.broker().await, self.options.clone()).await.expect("the log opens"))
    }
}

impl<S: Send + Sync> Harness for Site<S> {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventLog>> {
        Box::pin(async { self.log().await as Arc<dyn EventLog> })
    }
}

/// Appends a commit that must succeed.
pub async fn put(log: &dyn EventLog, commit: NewCommit) -> Seq {
    log.append(Append::one(commit)).await.expect("appended").seqs[0]
}

/// Begins an append and goes on.
pub fn start(log: &Arc<JetStreamLog>, group: &Append) -> JoinHandle<Result<Appended, AppendError>> {
    let (log, group) = (Arc::clone(log), group.clone());
    tokio::spawn(async move { log.append(group).await })
}

/// Commits of users without any, a group of so many.
pub fn group(commits: usize) -> Append {
    Append { commits: (0..commits).map(|_| Sample::first(&Sample::user())).collect() }
}

/// The whole log.
pub async fn whole(log: &dyn EventLog) -> Vec<Stored> {
    let mut all: Vec<Stored> = Vec::new();
    while let page = log.read_all(Seq(all.len() as u64), MAX_READ_COMMITS).await.expect("reads")
        && !page.is_empty()
    {
        all.extend(page);
    }
    all
}

pub fn is_not_stored<T>(outcome: &Result<T, AppendError>) -> bool {
    matches!(outcome, Err(AppendError::Unavailable { maybe_appended: false, .. }))
}

pub fn is_maybe_stored<T>(outcome: &Result<T, AppendError>) -> bool {
    matches!(outcome, Err(AppendError::Unavailable { maybe_appended: true, .. }))
}

//! The log in a NATS server.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;
use twofold_event_log::EventLog;
use twofold_jetstream::{Broker, BrokerOptions, InitOptions, JetStreamLog, JetStreamLogOptions, init};
use twofold_test_support::{NatsOptions, NatsServer};

use super::load::{Entry, Receipt, start, whole};
use super::victim::Victim;
use crate::random::Dice;

/// Longest silence of a server that is not stuck.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long a server must say that it cannot recover a stream to be believed.
const DESPAIR: Duration = Duration::from_secs(2);

/// The server and whoever appends.
#[derive(Debug)]
pub struct JetStream {
    options: NatsOptions,
    safe: bool,
    synced_at_start: bool,
    writers: u64,
    server: Option<NatsServer>,
    client: Option<Client>,
}

/// Everything on the other side of the server. It ends with its runtime, at once and without good-byes.
#[derive(Debug)]
struct Client {
    island: Island,
    log: Arc<dyn EventLog>,
    receipts: Option<mpsc::UnboundedReceiver<Receipt>>,
}

/// A runtime that is left behind when dropped. Tokio's own waits for its tasks, which may not be done inside another.
#[derive(Debug)]
struct Island(Option<Runtime>);

impl Island {
    fn new() -> Result<Self> {
        Ok(Self(Some(Builder::new_multi_thread().worker_threads(1).enable_all().build()?)))
    }

    fn handle(&self) -> Result<&Handle> {
        Ok(self.0.as_ref().context("a runtime")?.handle())
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl JetStream {
    /// A server that keeps its streams here; `safe` syncs before it answers. `synced_at_start`: what a killed server
    /// left behind is synced before it starts again, as everything in `infra` does.
    pub fn new(store_dir: PathBuf, safe: bool, synced_at_start: bool, writers: u64) -> Self {
        let options = NatsOptions { sync_always: safe, store_dir: Some(store_dir), ..NatsOptions::default() };
        Self { options, safe, synced_at_start, writers, server: None, client: None }
    }

    /// The server, started anew.
    fn launch(&mut self) -> Result<&NatsServer> {
        match &mut self.server {
            Some(server) => {
                std::fs::create_dir_all(server.store_dir())?;
                if self.synced_at_start {
                    sync_all(server.store_dir())?;
                }
                server.launch()?;
            }
            None => self.server = Some(NatsServer::start(&self.options)?),
        }
        self.server.as_ref().context("a server")
    }
}

/// Syncs every file and folder, as `sync --file-system` does on a disk of the kernel's own.
fn sync_all(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { sync_all(&entry.path())? } else { File::open(entry.path())?.sync_all()? }
    }
    File::open(folder)?.sync_all()
}

/// Waits until the server has all its streams again.
async fn recovered(server: &NatsServer) -> Result<()> {
    let start = Instant::now();
    let mut despair = None;
    loop {
        let health = server.monitoring("/healthz").unwrap_or_default();
        let trouble = health["error"].as_str().unwrap_or("no answer");
        if health["status"] == "ok" {
            return Ok(());
        }
        let hopeless = trouble.contains("could not be recovered");
        despair = if hopeless { despair.or_else(|| Some(Instant::now())) } else { None };
        if despair.is_some_and(|since| since.elapsed() > DESPAIR) || start.elapsed() > PATIENCE {
            bail!("{trouble}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn connect(server: String) -> Result<(Arc<dyn EventLog>, Vec<Entry>)> {
    let broker = Broker::connect(&BrokerOptions::local(server)).await?;
    let options =
        InitOptions { replicas: 1, partitions: 8, max_bytes: None, master_fingerprint: "00000000".to_owned() };
    init(&broker, &options).await?;
    let log: Arc<dyn EventLog> = Arc::new(JetStreamLog::open(&broker, JetStreamLogOptions::default()).await?);
    let found = whole(&*log).await?;
    Ok((log, found))
}

impl Victim for JetStream {
    fn name(&self) -> (&'static str, &'static str) {
        ("NATS JetStream", if self.safe { "sync_interval: always" } else { "sync_interval: default" })
    }

    fn promises(&self) -> bool {
        self.safe
    }

    async fn open(&mut self) -> Result<Vec<Entry>> {
        let server = self.launch()?;
        recovered(server).await?;
        let island = Island::new()?;
        let connected = timeout(PATIENCE, island.handle()?.spawn(connect(server.url()))).await;
        let (log, found) = connected.context("the server is stuck")???;
        self.client = Some(Client { island, log, receipts: None });
        Ok(found)
    }

    async fn append(&mut self, enough: usize, dice: &mut Dice) -> Result<Vec<Receipt>> {
        let client = self.client.as_mut().context("a log")?;
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let tell = move |receipt| drop(sender.send(receipt));
        {
            let _inside = client.island.handle()?.enter();
            start(&client.log, self.writers, dice, &tell).detach_all();
        }
        let mut receipts = Vec::with_capacity(enough);
        while receipts.len() < enough {
            receipts.push(timeout(PATIENCE, receiver.recv()).await.context("the server is stuck")?.context("writers")?);
        }
        client.receipts = Some(receiver);
        Ok(receipts)
    }

    fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(NatsServer::pid)
    }

    async fn end(&mut self) -> Result<Vec<Receipt>> {
        if let Some(server) = &mut self.server {
            server.kill();
        }
        let Some(Client { island, log, receipts }) = self.client.take() else { return Ok(Vec::new()) };
        drop((log, island));
        let mut rest = Vec::new();
        if let Some(mut receipts) = receipts {
            // Ends when the last writer has gone.
            while let Some(receipt) = receipts.recv().await {
                rest.push(receipt);
            }
        }
        Ok(rest)
    }
}

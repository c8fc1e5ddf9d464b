//! Appends per second of the log on a NATS server, closed loop, for several numbers of appends in flight; then one scan.
//!
//! `cargo run --release -p twofold-jetstream --example jetstream_append_rate -- servers [seconds [users [in-flight,... [singles [rounds]]]]]`
//!
//! `servers` is a list of `nats://host:port` with everything made by `twofold init`, or `alone` or `cluster` for servers
//! of its own. `singles` and `rounds` are `singles_at_most` and `rounds` of the options.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use twofold_domain::{CommitId, TenantId, UserToken};
use twofold_event_log::{Append, EventLog, Expected, NewCommit, Seq, Subject};
use twofold_jetstream::{Broker, BrokerOptions, InitOptions, JetStreamLog, JetStreamLogOptions, init};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

const PAYLOAD_BYTES: usize = 400;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Spreads small numbers over 16 bytes, as hashes and random ids are spread.
fn scatter(n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    bytes
}

struct Run {
    log: Arc<dyn EventLog>,
    commits: AtomicU64,
    stop: AtomicBool,
    in_flight: u64,
    /// The last position of each user; 0 before the first commit.
    last: Arc<Vec<AtomicU64>>,
}

impl Run {
    /// Appends to the users of one lane in turn; no other lane has them, so nothing conflicts.
    async fn lane(&self, lane: u64) -> Result<Vec<Duration>, Failure> {
        let mut latencies = Vec::new();
        let users = self.last.len() as u64;
        let mut user = lane;
        while !self.stop.load(Ordering::Relaxed) {
            let subject = Subject::user(0, &TenantId::from_bytes([1; 16]), &UserToken::from_bytes(scatter(user)));
            let last = &self.last[usize::try_from(user)?];
            let expected = Some(match last.load(Ordering::Relaxed) {
                0 => Expected::NoStream,
                seq => Expected::Exact(Seq(seq)),
            });
            let id = CommitId::from_bytes(scatter(self.commits.fetch_add(1, Ordering::Relaxed)));
            let payload = Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
            let begin = Instant::now();
            let appended = self.log.append(Append::one(NewCommit { subject, expected, id, payload })).await?;
            latencies.push(begin.elapsed());
            last.store(appended.seqs[0].0, Ordering::Relaxed);
            user = if user + self.in_flight < users { user + self.in_flight } else { lane };
        }
        Ok(latencies)
    }
}

async fn measure(
    log: Arc<dyn EventLog>,
    in_flight: u64,
    last: &Arc<Vec<AtomicU64>>,
    time: Duration,
) -> Result<(), Failure> {
    let start = log.head().await?.0;
    let run = Arc::new(Run { log, commits: start.into(), stop: false.into(), in_flight, last: Arc::clone(last) });
    let begin = Instant::now();
    let lanes: Vec<_> = (0..in_flight)
        .map(|lane| {
            let run = Arc::clone(&run);
            tokio::spawn(async move { run.lane(lane).await })
        })
        .collect();
    tokio::time::sleep(time).await;
    run.stop.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    for lane in lanes {
        latencies.extend(lane.await??);
    }
    let elapsed = begin.elapsed();
    latencies.sort_unstable();
    let at = |permille: usize| latencies[(latencies.len() - 1) * permille / 1000].as_micros();
    println!(
        "{in_flight:>9} {:>10.0} {:>8} {:>8} {:>8}",
        f64::from(u32::try_from(latencies.len())?) / elapsed.as_secs_f64(),
        at(500),
        at(990),
        at(999)
    );
    Ok(())
}

/// Reads the whole log, a thousand commits a call.
async fn scan(log: &dyn EventLog) -> Result<(), Failure> {
    let begin = Instant::now();
    let (mut count, mut after) = (0_u32, Seq::ZERO);
    while let page = log.read_all(after, 1000).await?
        && let Some(last) = page.last()
    {
        after = last.seq;
        count += u32::try_from(page.len())?;
    }
    println!("read_all: {count} commits, {:.0}/s", f64::from(count) / begin.elapsed().as_secs_f64());
    Ok(())
}

/// Servers of its own, ended with the program.
enum Servers {
    Others,
    Alone(#[expect(dead_code, reason = "held for its drop")] NatsServer),
    Cluster(#[expect(dead_code, reason = "held for its drop")] NatsCluster),
}

async fn servers(argument: &str) -> Result<(Servers, Broker), Failure> {
    let (servers, urls, replicas) = match argument {
        "alone" => {
            let server = NatsServer::start(&NatsOptions::default())?;
            let url = server.url();
            (Servers::Alone(server), vec![url], 1)
        }
        "cluster" => {
            let cluster = NatsCluster::start(&NatsOptions::default())?;
            let urls = cluster.urls();
            (Servers::Cluster(cluster), urls, 3)
        }
        list => (Servers::Others, list.split(',').map(ToOwned::to_owned).collect(), 0),
    };
    let broker = Broker::connect(&BrokerOptions { servers: urls, ..BrokerOptions::local("") }).await?;
    if replicas > 0 {
        let options =
            InitOptions { replicas, partitions: 1, max_bytes: None, master_fingerprint: "measuring".to_owned() };
        init(&broker, &options).await?;
    }
    Ok((servers, broker))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (_servers, broker) = servers(&arguments.next().ok_or("which servers?")?).await?;
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    let users: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let in_flight = arguments.next().unwrap_or_else(|| "1,2,4,8,16,64,256,1024".to_owned());
    let mut options = JetStreamLogOptions::default();
    if let Some(singles) = arguments.next() {
        options.singles_at_most = singles.parse()?;
    }
    if let Some(rounds) = arguments.next() {
        options.rounds = rounds.parse()?;
    }
    let last = Arc::new((0..users.max(4096)).map(|_| AtomicU64::new(0)).collect());
    let log: Arc<dyn EventLog> = Arc::new(JetStreamLog::open(&broker, options).await?);
    println!("in flight  appends/s  p50 us   p99 us   p99.9 us");
    for in_flight in in_flight.split(',') {
        measure(Arc::clone(&log), in_flight.parse()?, &last, time).await?;
    }
    scan(&*log).await?;
    log.close().await;
    Ok(())
}

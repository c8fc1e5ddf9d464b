//! Appends per second of any log, closed loop. Shared by the examples of every adapter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use twofold_domain::{CommitId, TenantId, UserToken};
use twofold_event_log::{Append, EventLog, Expected, NewCommit, Seq, Subject};

const PAYLOAD_BYTES: usize = 400;

/// Why a measurement ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

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

/// Appends so many at a time for a while, and prints how that went.
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

/// One line for each number of appends in flight, over this many users; then one scan.
pub async fn table(log: &Arc<dyn EventLog>, in_flight: &str, users: u64, time: Duration) -> Result<(), Failure> {
    let last = Arc::new((0..users).map(|_| AtomicU64::new(0)).collect());
    println!("in flight  appends/s  p50 us   p99 us   p99.9 us");
    for in_flight in in_flight.split(',') {
        measure(Arc::clone(log), in_flight.parse()?, &last, time).await?;
    }
    scan(&**log).await
}

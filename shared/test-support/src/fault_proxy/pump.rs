//! One way of a connection.

use std::sync::atomic::Ordering;
use std::{future, io};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::connection::End;
use super::{Counts, Fault, Orders};

/// Bytes read at once.
const PIECE: usize = 16 * 1024;
/// Pieces on their way; beyond it the sender is held up. Large, so that a delay does not become a limit of the rate.
const ON_THE_WAY: usize = 1024;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

/// What was read, and when. No bytes: the side has finished.
struct Piece<'a> {
    at: Instant,
    bytes: io::Result<Vec<u8>>,
    counts: &'a Counts,
}

impl<'a> Piece<'a> {
    fn new(bytes: io::Result<Vec<u8>>, counts: &'a Counts) -> Self {
        let piece = Self { at: Instant::now(), bytes, counts };
        counts.held.fetch_add(piece.len(), Ordering::SeqCst);
        piece
    }

    fn len(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }

    fn lose(self) {
        self.counts.lost.fetch_add(self.len(), Ordering::SeqCst);
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        self.counts.held.fetch_sub(self.len(), Ordering::SeqCst);
    }
}

/// Forwards one way.
pub(super) struct Pump<'a> {
    pub way: Way,
    pub told: watch::Receiver<Orders>,
    pub counts: &'a Counts,
}

impl<'a> Pump<'a> {
    /// Until the side that is read from has finished.
    ///
    /// # Errors
    /// How the whole connection has to end before that.
    pub async fn run(self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Result<(), End> {
        let (queue, queued) = mpsc::channel(ON_THE_WAY);
        // Reading goes on while pieces wait or vanish: the sender must not notice. Writing decides when it is over.
        let counts = self.counts;
        let reading = async {
            read(from, queue, counts).await;
            future::pending().await
        };
        tokio::select! {
            written = self.write(to, queued) => written,
            never = reading => never,
        }
    }

    async fn write(mut self, mut to: WriteHalf<'_>, mut queued: mpsc::Receiver<Piece<'a>>) -> Result<(), End> {
        while let Some(piece) = queued.recv().await {
            if let Err(thief) = self.pass(piece.at).await {
                piece.lose();
                return Err(self.vanish(&mut queued, thief).await);
            }
            let Ok(bytes) = &piece.bytes else { return Err(End::Reset) };
            let done = if bytes.is_empty() { to.shutdown().await } else { to.write_all(bytes).await };
            done.map_err(|_| End::Reset)?;
        }
        Ok(())
    }

    /// Waits until a piece may go on; an error names the fault it is lost to.
    async fn pass(&mut self, at: Instant) -> Result<(), Fault> {
        loop {
            let fault = self.told.borrow_and_update().fault;
            let lasts = match fault {
                Fault::DropUp if self.way == Way::Up => return Err(fault),
                Fault::DropDown if self.way == Way::Down => return Err(fault),
                Fault::None | Fault::DropUp | Fault::DropDown => return Ok(()),
                Fault::Delay(delay) => tokio::select! {
                    () = sleep_until(at + delay) => return Ok(()),
                    changed = self.told.changed() => changed,
                },
                // The connection itself sees to the last two.
                Fault::HalfOpen | Fault::Reset | Fault::Refuse => self.told.changed().await,
            };
            lasts.map_err(|_| fault)?;
        }
    }

    /// Loses everything until the fault changes.
    async fn vanish(&mut self, queued: &mut mpsc::Receiver<Piece<'a>>, thief: Fault) -> End {
        let changed = self.told.wait_for(|orders| orders.fault != thief);
        tokio::pin!(changed);
        loop {
            tokio::select! {
                biased;
                _ = &mut changed => return End::Reset,
                // The end of the sender is lost like the rest: from there on only the change ends this.
                Some(piece) = queued.recv() => piece.lose(),
            }
        }
    }
}

async fn read<'a>(mut from: ReadHalf<'_>, queue: mpsc::Sender<Piece<'a>>, counts: &'a Counts) {
    loop {
        let mut bytes = vec![0; PIECE];
        let bytes = from.read(&mut bytes).await.map(|length| {
            bytes.truncate(length);
            bytes
        });
        let piece = Piece::new(bytes, counts);
        let last = piece.len() == 0;
        if queue.send(piece).await.is_err() || last {
            return;
        }
    }
}

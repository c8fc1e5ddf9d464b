//! Many first keys at once: what comes while something is on its way goes together next, for one sync of the disk.

use std::collections::HashSet;

use async_nats::HeaderMap;
use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use crate::bucket::{Bucket, Put};

/// Keys of one batch; the server takes 1000.
const BATCH_KEYS: usize = 500;
/// So many keys or fewer go one by one, side by side, as in the log: a batch costs the server more than a few messages.
const SINGLES_AT_MOST: usize = 16;
/// Keys that wait to be sent; whoever comes on top waits to be let in.
const WAITING_MAX: usize = 4096;

/// A key that is believed to be nobody's yet.
struct First {
    key: String,
    value: Bytes,
    stored: oneshot::Sender<bool>,
}

/// The way to the task that sends them. The task ends with the last clone.
#[derive(Clone)]
pub(super) struct Gatherer(mpsc::Sender<First>);

impl Gatherer {
    /// Must be called within a tokio runtime, in which the task then lives.
    pub fn new(bucket: Bucket) -> Self {
        let (firsts, incoming) = mpsc::channel(WAITING_MAX);
        tokio::spawn(run(bucket, incoming));
        Self(firsts)
    }

    /// Whether this value is stored now. `false` is no answer: it may be stored nevertheless, or another one may be.
    pub async fn put(&self, key: &str, value: Bytes) -> bool {
        let (stored, answer) = oneshot::channel();
        let first = First { key: key.to_owned(), value, stored };
        // Without the task there is no answer either.
        self.0.send(first).await.is_ok() && answer.await.unwrap_or(false)
    }
}

async fn run(bucket: Bucket, mut incoming: mpsc::Receiver<First>) {
    let mut firsts = Vec::new();
    while incoming.recv_many(&mut firsts, BATCH_KEYS).await > 0 {
        round(&bucket, firsts.drain(..)).await;
    }
}

/// Sends a batch, or a few keys side by side, and answers all.
async fn round(bucket: &Bucket, firsts: impl Iterator<Item = First>) {
    let mut keys = HashSet::new();
    // Two values for one key in a batch would make the server refuse it all.
    let (different, repeated): (Vec<_>, Vec<_>) = firsts.partition(|first| keys.insert(first.key.clone()));
    if different.len() > SINGLES_AT_MOST {
        let batch = different.iter().map(|first| (first.key.as_str(), first.value.clone())).collect();
        let stored = is_stored(&bucket.put_firsts(batch).await);
        for first in different {
            answer(first, stored);
        }
    } else {
        join_all(different.into_iter().map(async |first| {
            let put = bucket.put(&first.key, 0, HeaderMap::new(), first.value.clone()).await;
            answer(first, is_stored(&put));
        }))
        .await;
    }
    for first in repeated {
        answer(first, false);
    }
}

/// One wrong expectation leaves the whole batch out: then everybody goes on alone.
fn is_stored(put: &Put) -> bool {
    matches!(put, Put::Stored(_))
}

fn answer(first: First, stored: bool) {
    // Nobody waits any more: what was stored stays stored.
    let _ = first.stored.send(stored);
}

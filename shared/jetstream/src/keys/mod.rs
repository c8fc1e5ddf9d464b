//! The key store in a bucket of the broker.

mod gather;
mod owner;

use std::fmt;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use bytes::Bytes;
use twofold_crypto::{KeyStore, KeyStoreError, Lookup, StoreFuture};

use crate::bucket::{Bucket, Entry, Put, STREAM_PREFIX, subjects_of};
use crate::{Broker, Names};
use gather::Gatherer;
use owner::key_of;

/// Marks the message that says: a key was destroyed here.
const TOMBSTONE: &str = "Tf-Tombstone";
/// Tries of one change before it is given up. Each costs two requests at most.
const TRIES: u32 = 7;
/// The pause after the first try, doubled with each: a replicated bucket refuses every change of a key while another
/// one is on its way to the replicas (error 10164).
const PAUSE: Duration = Duration::from_millis(5);
/// Older messages of one key that are erased at once. There is one, unless changes were cut short again and again.
const REMAINS_MAX: usize = 64;

/// How the bucket of wrapped keys is made.
///
/// It keeps any number of messages of a key, although only the newest counts: a limit would make the server drop the
/// older one itself, and what it drops that way stays readable in its files (seen on nats-server 2.15.1). The adapter
/// erases older messages instead, so deleting is allowed here as in no other stream. Nothing but the leader is asked.
pub fn keys_bucket_config(names: &Names, replicas: usize) -> Config {
    let bucket = names.keys_bucket();
    Config {
        name: format!("{STREAM_PREFIX}{bucket}"),
        subjects: vec![subjects_of(&bucket)],
        description: Some("Twofold: wrapped keys of users and tenants".to_owned()),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: replicas,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_consumers: -1,
        allow_direct: false,
        allow_rollup: false,
        deny_delete: false,
        deny_purge: true,
        // Many first keys are written together.
        allow_atomic_publish: true,
        ..Config::default()
    }
}

/// Wraps in a bucket of the broker, one key an owner. What was answered is as durable as an append to the log.
///
/// What is promised of a destroyed or replaced wrap, as seen on nats-server 2.15.1:
/// - The tombstone is written first, then the wrap is removed by the server's erasing delete, and only then is it
///   answered. From the tombstone on nobody gets the key any more; repeating after an error erases what was left.
/// - With one replica no file of the server's store holds the wrap any more when it is answered: the server writes the
///   block anew with the message overwritten, syncs it and puts it in the place of the old one.
/// - With several replicas the stream's files are clean on the leader when it is answered and on the others as soon as
///   they have followed (well under a second). But the servers' consensus log also held the message, and drops it
///   with its next compaction: after two to three minutes when seen. A server that is away catches up when it returns.
/// - The blocks the file system has freed, a power cut right after the answer (which may bring the old file back until
///   the key is destroyed again), and backups are outside its reach: keep backups no longer than the promised time.
///
/// Erasing rewrites one block of up to 8 MB, some 35 ms: nothing for an erasure, ten hours for renewing a million wraps.
///
/// First keys that come together are written together, in atomic batches in which each expects to be its owner's first: one
/// sync for up to 500. What a batch leaves without a clear answer is put again alone, and what is there then counts. The
/// server keeps a batch in files of their own until it is complete, and removes them then, and when it starts. One that was
/// cut short by a lost connection stays for ten seconds: a wrap that was in it and is destroyed meanwhile is there so long.
///
/// After losing its quorum a leader may answer reads for some seconds with what it knew; it cannot store or destroy.
#[derive(Clone)]
pub struct JetStreamKeyStore {
    bucket: Bucket,
    firsts: Gatherer,
}

impl fmt::Debug for JetStreamKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamKeyStore").field("stream", &self.bucket.stream()).finish_non_exhaustive()
    }
}

impl JetStreamKeyStore {
    /// The store in the bucket of the broker's names, which must be there already. Asks the server nothing yet. Must be
    /// called within a tokio runtime, in which first keys are then gathered.
    pub fn new(broker: &Broker) -> Self {
        let bucket = Bucket::new(broker.clone(), &broker.names().keys_bucket());
        Self { firsts: Gatherer::new(bucket.clone()), bucket }
    }

    async fn look(&self, key: &str) -> Result<Lookup, String> {
        Ok(match self.bucket.newest(key).await? {
            None => Lookup::Absent,
            Some(entry) if is_tombstone(&entry) => Lookup::Destroyed,
            Some(entry) => Lookup::Present(entry.value.into()),
        })
    }

    async fn put_first(&self, key: &str, wrapped: Vec<u8>) -> Result<Lookup, String> {
        let value = Bytes::from(wrapped);
        if self.firsts.put(key, value.clone()).await {
            return Ok(Lookup::Present(value.into()));
        }
        let mut trouble = other_change();
        for tried in 0..TRIES {
            pause(tried).await;
            match self.bucket.put(key, 0, HeaderMap::new(), value.clone()).await {
                Put::Stored(_) => return Ok(Lookup::Present(value.into())),
                Put::Conflict => {}
                Put::Unclear(reason) => trouble = reason,
            }
            // Whatever happened, what is there now counts; nothing there means that trying again is harmless.
            match self.look(key).await? {
                Lookup::Absent => {}
                held @ (Lookup::Present(_) | Lookup::Destroyed) => return Ok(held),
            }
        }
        Err(trouble)
    }

    async fn exchange(&self, key: &str, old: &[u8], new: Vec<u8>) -> Result<bool, String> {
        let new = Bytes::from(new);
        let mut trouble = other_change();
        let mut unclear = false;
        for tried in 0..TRIES {
            pause(tried).await;
            let seq = match self.bucket.newest(key).await? {
                Some(entry) if !is_tombstone(&entry) && entry.value == old => entry.seq,
                // Ours, and its acknowledgement was lost.
                Some(entry) if unclear && !is_tombstone(&entry) && entry.value == new => {
                    self.erase_before(key, entry.seq).await?;
                    return Ok(true);
                }
                Some(_) | None => return Ok(false),
            };
            match self.bucket.put(key, seq, HeaderMap::new(), new.clone()).await {
                Put::Stored(seq) => {
                    self.erase_before(key, seq).await?;
                    return Ok(true);
                }
                Put::Conflict => {}
                Put::Unclear(reason) => (unclear, trouble) = (true, reason),
            }
        }
        Err(trouble)
    }

    async fn bury(&self, key: &str) -> Result<bool, String> {
        let mut trouble = other_change();
        let mut existed = false;
        for tried in 0..TRIES {
            pause(tried).await;
            let seq = match self.bucket.newest(key).await? {
                Some(entry) if is_tombstone(&entry) => {
                    self.erase_before(key, entry.seq).await?;
                    return Ok(existed);
                }
                Some(entry) => {
                    existed = true;
                    entry.seq
                }
                None => 0,
            };
            let mut headers = HeaderMap::new();
            headers.insert(TOMBSTONE, "1");
            match self.bucket.put(key, seq, headers, Bytes::new()).await {
                Put::Stored(seq) => {
                    self.erase_before(key, seq).await?;
                    return Ok(existed);
                }
                Put::Conflict => {}
                Put::Unclear(reason) => trouble = reason,
            }
        }
        Err(trouble)
    }

    /// Erases every message of a key before its newest one. Another process may be at it as well.
    async fn erase_before(&self, key: &str, newest: u64) -> Result<(), String> {
        let mut refused = None;
        for _ in 0..REMAINS_MAX {
            let seq = match self.bucket.oldest(key).await? {
                Some(entry) if entry.seq < newest => entry.seq,
                Some(_) | None => return Ok(()),
            };
            match self.bucket.erase(seq).await {
                Ok(()) => {}
                // Gone meanwhile, unless it is still there at the next look.
                Err(_) if refused != Some(seq) => refused = Some(seq),
                Err(reason) => return Err(reason),
            }
        }
        Err("a key has too many older messages".to_owned())
    }
}

/// What is wrong when every try met a change of the key that is not there when looked for.
fn other_change() -> String {
    "another change of the key is on its way".to_owned()
}

async fn pause(tried: u32) {
    if tried > 0 {
        tokio::time::sleep(PAUSE * (1 << (tried - 1))).await;
    }
}

/// A wrap is never empty, so an empty message is a tombstone too, whatever tool left it.
fn is_tombstone(entry: &Entry) -> bool {
    entry.value.is_empty() || entry.headers.get(TOMBSTONE).is_some()
}

impl KeyStore for JetStreamKeyStore {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        Box::pin(async move { self.look(&key_of(owner)?).await.map_err(KeyStoreError::unavailable) })
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        Box::pin(async move { self.put_first(&key_of(owner)?, wrapped).await.map_err(KeyStoreError::unavailable) })
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.exchange(&key_of(owner)?, old, new).await.map_err(KeyStoreError::unavailable) })
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.bury(&key_of(owner)?).await.map_err(KeyStoreError::unavailable) })
    }
}

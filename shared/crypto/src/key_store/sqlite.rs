//! A key store in an `SQLite` file of its own.

mod writer;

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use twofold_sqlite::rusqlite::{Connection, OptionalExtension as _, Result as SqlResult};
use twofold_sqlite::{Desk, File, Synchronous, create_private};

use super::{KeyStore, KeyStoreError, Lookup, StoreFuture};
use writer::{Action, Change, Outcome, Writer};

/// How long a statement waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that read; reads are single lookups by primary key.
const READERS: usize = 2;
/// Page cache of each connection, in KiB. The kernel holds the rest.
const CACHE_KIB: u32 = 2 * 1024;
/// Changes that may wait for the writer; further callers wait to hand theirs in.
const QUEUE: usize = 4096;

/// Wraps in one table of one file, mode 0600. One writer gathers concurrent changes into one transaction, so a
/// million new users do not cost one fsync each; what was answered is on disk (`synchronous=FULL`).
///
/// Destroying overwrites the wrap in the file (`secure_delete`) and empties the write-ahead log before it answers.
/// Backups of the file are outside its reach: rotate them faster than the promised erasure time.
pub struct SqliteKeyStore {
    path: PathBuf,
    readers: Desk,
    changes: mpsc::Sender<Change>,
}

impl SqliteKeyStore {
    /// Opens or creates the file. Must be called within a tokio runtime. The writer lives until the store is dropped.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, KeyStoreError> {
        let path = path.as_ref().to_owned();
        let opened = tokio::task::spawn_blocking({
            let path = path.clone();
            move || open(&path)
        });
        let (writer, readers) = opened.await.map_err(KeyStoreError::unavailable)??;
        let readers = Desk::new("keys-reader", readers).map_err(KeyStoreError::unavailable)?;
        let (changes, queue) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("keys-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(KeyStoreError::unavailable)?;
        Ok(Self { path, readers, changes })
    }

    async fn change(&self, owner: &str, action: Action) -> Result<Outcome, KeyStoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = || KeyStoreError::unavailable("the writer of the key store has stopped");
        self.changes.send(Change { owner: owner.to_owned(), action, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn open(path: &Path) -> Result<(Writer, Vec<Connection>), KeyStoreError> {
    create_private(path).map_err(KeyStoreError::unavailable)?;
    let file = File {
        path: path.to_owned(),
        create: false,
        synchronous: Synchronous::Full,
        busy_timeout: BUSY_TIMEOUT,
        cache_kib: CACHE_KIB,
        pragmas: vec![("secure_delete", "ON".to_owned())],
    };
    let connection = file.writer().map_err(KeyStoreError::unavailable)?;
    let writer = Writer::prepare(connection)?;
    let readers: SqlResult<_> = (0..READERS).map(|_| file.reader()).collect();
    Ok((writer, readers.map_err(KeyStoreError::unavailable)?))
}

/// What the file holds of an owner; a row with NULL is a tombstone.
fn held(connection: &Connection, owner: &str) -> SqlResult<Lookup> {
    const SQL: &str = "SELECT wrapped FROM data_keys WHERE owner = ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    let row = statement.query_row([owner], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?;
    Ok(row.map_or(Lookup::Absent, |wrapped| wrapped.map_or(Lookup::Destroyed, Lookup::Present)))
}

impl std::fmt::Debug for SqliteKeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteKeyStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl KeyStore for SqliteKeyStore {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            let owner = owner.to_owned();
            let asked = self.readers.ask(move |connection| held(connection, &owner)).await;
            asked.map_err(KeyStoreError::unavailable)?.map_err(KeyStoreError::unavailable)
        })
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            match self.change(owner, Action::Put(wrapped)).await? {
                Outcome::Holds(held) => Ok(held),
                Outcome::Changed(_) => Ok(Lookup::Destroyed),
            }
        })
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let action = Action::Replace { old: old.to_vec(), new };
            Ok(matches!(self.change(owner, action).await?, Outcome::Changed(true)))
        })
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(matches!(self.change(owner, Action::Destroy).await?, Outcome::Changed(true))) })
    }
}

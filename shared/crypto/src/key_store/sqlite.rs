//! A key store in an `SQLite` file of its own.

mod writer;

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot};

use super::{KeyStore, KeyStoreError, Lookup, StoreFuture};
use writer::{Action, Change, Outcome, Writer};

/// How long a statement waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that read; reads are single lookups by primary key.
const READERS: u32 = 4;
/// Changes that may wait for the writer; further callers wait to hand theirs in.
const QUEUE: usize = 4096;

/// Wraps in one table of one file, mode 0600. One writer gathers concurrent changes into one transaction, so a
/// million new users do not cost one fsync each; what was answered is on disk (`synchronous=FULL`).
///
/// Destroying overwrites the wrap in the file (`secure_delete`) and empties the write-ahead log before it answers.
/// Backups of the file are outside its reach: rotate them faster than the promised erasure time.
pub struct SqliteKeyStore {
    path: PathBuf,
    readers: SqlitePool,
    changes: mpsc::Sender<Change>,
}

impl SqliteKeyStore {
    /// Opens or creates the file. Must be called within a tokio runtime, in which the writer then lives until the
    /// store is dropped.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, KeyStoreError> {
        let path = path.as_ref().to_owned();
        create_private(&path).map_err(KeyStoreError::unavailable)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON");
        let connection = options.connect().await.map_err(KeyStoreError::unavailable)?;
        let (changes, queue) = mpsc::channel(QUEUE);
        let writer = Writer::prepare(connection).await.map_err(KeyStoreError::unavailable)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(KeyStoreError::unavailable)?;
        tokio::spawn(writer.run(queue));
        Ok(Self { path, readers, changes })
    }

    async fn change(&self, owner: &str, action: Action) -> Result<Outcome, KeyStoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = || KeyStoreError::unavailable("the writer of the key store has stopped");
        self.changes.send(Change { owner: owner.to_owned(), action, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// The log and the shared memory file beside the database take over its mode.
fn create_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

impl std::fmt::Debug for SqliteKeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteKeyStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl KeyStore for SqliteKeyStore {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            let row: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT wrapped FROM data_keys WHERE owner = $1")
                .bind(owner)
                .fetch_optional(&self.readers)
                .await
                .map_err(KeyStoreError::unavailable)?;
            Ok(match row {
                None => Lookup::Absent,
                Some(None) => Lookup::Destroyed,
                Some(Some(wrapped)) => Lookup::Present(wrapped),
            })
        })
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            match self.change(owner, Action::Put(wrapped)).await? {
                Outcome::Holds(Some(held)) => Ok(Lookup::Present(held)),
                Outcome::Holds(None) | Outcome::Changed(_) => Ok(Lookup::Destroyed),
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

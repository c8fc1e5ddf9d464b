//! The folder that holds everything: the log, the keys, the read model, and what a running server leaves for others.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure};

/// The folder.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// Held by the one server of a folder; the operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct ServerLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DataDir {
    /// Opens the folder, making it (mode 0700) when it is missing.
    pub fn open_or_create(path: &Path) -> Result<Self, Failure> {
        let doing = format!("the data folder {} cannot be used", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path).context(&doing)?;
        let metadata = std::fs::metadata(path).context(&doing)?;
        if !metadata.is_dir() {
            return Err(Failure::new(format!("{doing}: it is no folder")));
        }
        if metadata.mode() & 0o077 != 0 {
            tracing::warn!("the data folder is open to other users of this machine; run: chmod 700 {}", path.display());
        }
        let dir = Self(path.to_owned());
        for file in [dir.log(), dir.read_model()] {
            private_file(&file).context(&doing)?;
        }
        Ok(dir)
    }

    /// Opens a folder that a server has used before; a mistyped path must not become a new, empty installation.
    pub fn open_existing(path: &Path) -> Result<Self, Failure> {
        if path.join("log.db").is_file() {
            return Self::open_or_create(path);
        }
        let path = path.display();
        Err(Failure::new(format!(
            "there is no data in {path}; start `twofold serve` once, or name the right folder with --data-dir"
        )))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The event log.
    pub fn log(&self) -> PathBuf {
        self.0.join("log.db")
    }

    /// The wrapped keys of users and tenants.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys.db")
    }

    /// Folded states: a cache.
    pub fn snapshots(&self) -> PathBuf {
        self.0.join("snapshots.db")
    }

    /// What was counted for limits and budgets.
    pub fn usage(&self) -> PathBuf {
        self.0.join("usage.db")
    }

    /// The read model.
    pub fn read_model(&self) -> PathBuf {
        self.0.join("read-model.db")
    }

    /// The master key, unless the environment holds it.
    pub fn master_key(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// Messages of channels that write files.
    pub fn outbox(&self) -> PathBuf {
        self.0.join("outbox")
    }

    fn address(&self) -> PathBuf {
        self.0.join("listen.addr")
    }

    /// Takes the folder for one server.
    pub fn lock(&self) -> Result<ServerLock, Failure> {
        let path = self.0.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.context("the lock of the data folder cannot be opened")?;
        match file.try_lock() {
            Ok(()) => Ok(ServerLock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "another `twofold serve` runs on {}; stop it first, or give this one a folder of its own with --data-dir",
                self.0.display()
            ))),
            Err(TryLockError::Error(error)) => Err(Failure::new(format!("the data folder cannot be locked: {error}"))),
        }
    }

    /// Leaves the address for `healthcheck`, `demo` and scripts; whole or not at all.
    pub fn announce(&self, address: SocketAddr) -> io::Result<()> {
        let draft = self.0.join(".listen.addr.part");
        let mut file = File::create(&draft)?;
        writeln!(file, "{address}")?;
        std::fs::rename(&draft, self.address())
    }

    /// Takes the address away again.
    pub fn withdraw(&self) {
        if let Err(error) = std::fs::remove_file(self.address()) {
            tracing::debug!(%error, "no address to take away");
        }
    }

    /// The address of the server that runs, or last ran, here.
    pub fn announced(path: &Path) -> Option<SocketAddr> {
        std::fs::read_to_string(path.join("listen.addr")).ok()?.trim().parse().ok()
    }
}

/// The files beside a database take over its mode.
fn private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

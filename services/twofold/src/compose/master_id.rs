//! Telling a wrong master key before anything is read or written with it.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use twofold_crypto::Keyring;

use super::DataDir;
use crate::failure::{Context as _, Failure};

/// Whether the folder was begun with some key.
pub fn is_begun(dir: &DataDir) -> bool {
    path(dir).exists()
}

fn path(dir: &DataDir) -> PathBuf {
    dir.path().join("master.id")
}

/// Compares the key's public id with the one the folder was begun with, and notes it in a new folder.
pub fn check(dir: &DataDir, keyring: &Keyring) -> Result<(), Failure> {
    let path = path(dir);
    let ours = format!("{:08x}", keyring.master_id());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => file
            .write_all(format!("{ours}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .context("master.id cannot be written"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(&path).context("master.id cannot be read")?;
            let theirs = text.trim();
            // Empty: a crash came between making and writing it.
            if theirs.is_empty() || theirs == ours {
                return Ok(());
            }
            Err(Failure::new(format!(
                "this is another master key: {} was begun with key {theirs}, this is key {ours}; give the right TWOFOLD__MASTER_KEY or put the right master.key back",
                dir.path().display()
            )))
        }
        Err(error) => Err(Failure::new(format!("master.id cannot be written: {error}"))),
    }
}

//! Where the harness keeps what outlives one test.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A directory for things made once: the build directory beside the sources, or the temporary one where there are none
/// (a program carried to another machine).
pub(crate) fn keep(name: &str) -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home = if root.join("Cargo.toml").exists() { root.join("target") } else { shared_temp()? }.join(name);
    fs::create_dir_all(&home)?;
    Ok(home)
}

/// A directory all programs of one user that use the harness have in common.
pub(crate) fn shared_temp() -> io::Result<PathBuf> {
    Ok(env::temp_dir().join(format!("twofold-test-support-{}", user()?)))
}

/// The user this runs as, by number.
pub(crate) fn user() -> io::Result<u32> {
    Ok(tempfile::tempfile()?.metadata()?.uid())
}

/// A program found on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

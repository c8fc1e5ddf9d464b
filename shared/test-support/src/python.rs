//! Python packages for test servers: pinned, installed once into the build directory, from the usual package index.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::place;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
/// Only the part that signs callbacks is used, and it needs none of what the rest needs.
const TWILIO: &str = include_str!("../python/twilio.txt");

/// Where a script of ours lies.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name)
}

/// A directory to put on `PYTHONPATH`, with the pinned packages in it. Needs `python3` with pip.
///
/// Tests run as many processes at once: the first installs under a file lock, the others wait for it. Not a virtual
/// environment: some distributions ship Python without the module that makes them.
///
/// # Errors
/// No `python3`, no pip, no package index, or a directory that cannot be written.
pub fn packages() -> anyhow::Result<PathBuf> {
    install("pyenv", REQUIREMENTS, &[])
}

/// The same for `twilio_sign.py`: the official `twilio` package, alone.
///
/// # Errors
/// As [`packages`].
pub fn twilio() -> anyhow::Result<PathBuf> {
    install("pyenv-twilio", TWILIO, &["--no-deps"])
}

fn install(name: &str, requirements: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let home = place::keep(name)?;
    let site = home.join("site");
    let lock = File::create(home.join("lock"))?;
    lock.lock().context("locking the Python packages")?;
    let installed = fs::read_to_string(site.join("installed.txt")).unwrap_or_default();
    if installed == requirements {
        return Ok(site);
    }
    let draft = home.join("draft");
    for old in [&draft, &site] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    let wanted = home.join("requirements.txt");
    fs::write(&wanted, requirements)?;
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"])
        .arg(&draft)
        .args(options)
        .arg("--requirement")
        .arg(&wanted)
        .output()
        .context("python3 with pip is needed for this test")?;
    if !output.status.success() {
        bail!("pip: {}", String::from_utf8_lossy(&output.stderr));
    }
    fs::write(draft.join("installed.txt"), requirements)?;
    fs::rename(&draft, &site)?;
    Ok(site)
}

//! Where PostgreSQL's programs are, and as whom they run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::place;

/// Where Debian puts them, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    bin: PathBuf,
    /// User and group other than the test's: the server refuses to run as root.
    account: Option<(u32, u32)>,
}

impl Programs {
    /// The newest one of Debian's, or the one on `PATH`.
    pub fn find() -> Result<Self> {
        let bin = debian().or_else(|| Some(place::on_path("postgres")?.parent()?.to_owned()));
        let bin = bin.context("PostgreSQL is needed for this test: the Debian package postgresql")?;
        let account = if place::user()? == 0 { Some(unprivileged()?) } else { None };
        Ok(Self { bin, account })
    }

    /// Where a program is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A program, to be run as whom the server may run.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        if let Some((user, group)) = self.account {
            // The directory of the test may be closed to that user.
            command.uid(user).gid(group).current_dir("/");
        }
        command
    }

    /// A temporary directory the server may pass through.
    pub fn home() -> Result<TempDir> {
        let home = tempfile::Builder::new().prefix("twofold-postgres-").tempdir()?;
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755))?;
        Ok(home)
    }

    /// Makes a file or directory the server's own.
    pub fn give(&self, path: &Path) -> Result<()> {
        if let Some((user, group)) = self.account {
            chown(path, Some(user), Some(group))
                .with_context(|| format!("changing the owner of {}", path.display()))?;
        }
        Ok(())
    }

    /// The version it names.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(self.path("postgres")).arg("--version").output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

fn debian() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let bins = versions.map(|version| (version, Path::new(DEBIAN).join(version.to_string()).join("bin")));
    bins.filter(|(_, bin)| bin.join("postgres").is_file()).max().map(|(_, bin)| bin)
}

/// User and group of `postgres`, or else of `nobody`.
fn unprivileged() -> Result<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let fields: Vec<&str> =
            accounts.lines().map(|line| line.split(':').collect()).find(|f: &Vec<&str>| f[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).context("root needs another user to run PostgreSQL as")
}

//! A data directory made once and copied for every server: making one takes longer than most tests.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::programs::Programs;
use crate::place;

/// Raise it when what follows changes, so that old templates are made anew.
const GENERATION: u32 = 2;

/// The superuser comes in without a password, so that tests can; everybody else shows one, as in production.
const ADMISSION: &str = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
log_line_prefix = '%m [%p] %u@%d '
log_lock_waits = on
";

/// How much a server takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// Little memory and disk: starts at once, many at a time. Under load it writes whole pages all the time.
    Small,
    /// What PostgreSQL has when nobody sets anything.
    AsItComes,
}

impl Size {
    const fn tag(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::AsItComes => "as-it-comes",
        }
    }

    const fn settings(self) -> &'static str {
        match self {
            Self::Small => "shared_buffers = 16MB\nmax_wal_size = 64MB\n",
            Self::AsItComes => "",
        }
    }

    const fn of_initdb(self) -> &'static [&'static str] {
        match self {
            Self::Small => &["--wal-segsize=1"],
            Self::AsItComes => &[],
        }
    }
}

/// Fills `data`, which does not exist yet, and gives it to the server's user.
pub(super) fn copy(programs: &Programs, data: &Path, size: Size) -> Result<()> {
    copy_tree(&template(programs, size)?, data, &|path| programs.give(path))
        .context("copying the template of PostgreSQL")
}

fn template(programs: &Programs, size: Size) -> Result<PathBuf> {
    let home = place::keep("postgres")?;
    let tag: String = programs.version()?.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let template = home.join(format!("{tag}-{}-{GENERATION}", size.tag()));
    let lock = File::create(home.join("lock"))?;
    lock.lock().context("locking the template of PostgreSQL")?;
    if template.exists() {
        return Ok(template);
    }
    // Made elsewhere: the server's user may not be let into the build directory.
    let elsewhere = Programs::home()?;
    let data = elsewhere.path().join("data");
    fs::create_dir(&data)?;
    programs.give(&data)?;
    let output = programs
        .command("initdb")
        .arg("-D")
        .arg(&data)
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username=postgres", "--auth=trust"])
        .args(size.of_initdb())
        .output()
        .context("starting initdb")?;
    if !output.status.success() {
        bail!("initdb: {}", String::from_utf8_lossy(&output.stderr));
    }
    fs::write(data.join("pg_hba.conf"), ADMISSION)?;
    let settings = data.join("postgresql.conf");
    fs::write(&settings, fs::read_to_string(&settings)? + SETTINGS + size.settings())?;
    let draft = home.join("draft");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    copy_tree(&data, &draft, &|_| Ok(()))?;
    fs::rename(&draft, &template)?;
    Ok(template)
}

fn copy_tree(from: &Path, to: &Path, own: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    fs::create_dir(to)?;
    // The server refuses a directory others can read.
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
    own(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target, own)?;
        } else {
            fs::copy(entry.path(), &target)?;
            own(&target)?;
        }
    }
    Ok(())
}

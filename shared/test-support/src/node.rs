//! Node packages for test servers: pinned, installed once into the build directory, from the usual package registry.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place;

/// Validates requests against an OpenAPI document.
const PRISM: &str = "@stoplight/prism-cli@5.16.0";
/// Holds Twilio's published OpenAPI documents. Only unpacked: what it depends on is not needed.
const TWILIO: &str = "@twilio/cli-core@8.3.2";
/// The system's certificate authorities, on Debian and its kin.
const SYSTEM_CAS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Of the Messages resource.
const MESSAGES_API: &str = "package/src/services/twilio-api/twilio_api_v2010.json";

/// Prism and what it is to judge by.
#[derive(Debug, Clone)]
pub struct Prism {
    /// The program.
    pub program: PathBuf,
    /// Twilio's published description of its API version 2010-04-01, in JSON.
    pub messages_api: PathBuf,
}

/// Prism and Twilio's description, installed. Needs `node` of version 18 or later with `npm`, and `tar`.
///
/// Tests run as many processes at once: the first installs under a file lock, the others wait for it.
///
/// # Errors
/// No Node, no package registry, or a directory that cannot be written.
pub fn prism() -> Result<Prism> {
    let home = place::keep("nodeenv")?;
    let site = home.join("site");
    let lock = File::create(home.join("lock"))?;
    lock.lock().context("locking the Node packages")?;
    let found = Prism { program: site.join("node_modules/.bin/prism"), messages_api: site.join(MESSAGES_API) };
    let wanted = format!("{PRISM} {TWILIO}");
    if fs::read_to_string(site.join("installed.txt")).unwrap_or_default() == wanted {
        return Ok(found);
    }
    let draft = home.join("draft");
    for old in [&draft, &site] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(&draft)?;
    npm(
        &draft,
        &["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", ".", PRISM],
    )?;
    npm(&draft, &["pack", TWILIO])?;
    let packed = fs::read_dir(&draft)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|kind| kind == "tgz"));
    run(Command::new("tar").current_dir(&draft).arg("-xzf").arg(packed.context("no archive")?).arg(MESSAGES_API))?;
    fs::write(draft.join("installed.txt"), wanted)?;
    fs::rename(&draft, &site)?;
    Ok(found)
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("npm");
    command.current_dir(folder).arg("--silent").args(arguments);
    // Node brings its own list of authorities; an organisation's own one is in the system's.
    if Path::new(SYSTEM_CAS).exists() {
        command.env("NODE_EXTRA_CA_CERTS", SYSTEM_CAS);
    }
    run(&mut command)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?} is needed for this test"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

//! `twofold-load seed`: users into a file, and on from where an earlier run ended.

#![allow(clippy::print_stdout, reason = "what was made is what the program is run for")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use super::file::UserFile;
use super::seed;
use super::targets::Targets;
use crate::machine::unix_ms;

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// A server on this machine; repeat it for the other nodes of the same installation.
    #[arg(long = "url", default_value = "http://127.0.0.1:8080")]
    urls: Vec<String>,
    /// An API key with the scopes login and users; repeat it for more tenants, always in the same order.
    #[arg(long = "key", required = true)]
    keys: Vec<String>,
    /// How many users there shall be.
    #[arg(long, default_value_t = 1_000_000)]
    users: u32,
    /// Where they are kept. Those that are in it already are not made again.
    #[arg(long)]
    file: PathBuf,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 256)]
    connections: usize,
}

/// Makes those that are missing, and says so.
///
/// # Errors
/// As [`into_file`].
pub async fn run(options: Options) -> Result<ExitCode> {
    let targets = Arc::new(Targets::parse(&options.urls, &options.keys)?);
    let begun = Instant::now();
    let made = into_file(&targets, &options.file, options.users, options.connections, true).await?;
    println!("{made} users made in {:.0} s, {} are in the file", begun.elapsed().as_secs_f64(), options.users);
    Ok(ExitCode::SUCCESS)
}

/// Makes the users that a file lacks of so many; answers how many it made.
///
/// # Errors
/// The server answers something undocumented, or the file cannot be written. What was made is kept.
pub async fn into_file(
    targets: &Arc<Targets>,
    path: &Path,
    users: u32,
    connections: usize,
    progress: bool,
) -> Result<usize> {
    let mut file = UserFile::open(path, &format!("load-{}", unix_ms()))?;
    file.ensure_keys(targets.tenants())?;
    let known: HashSet<u32> = file.users().iter().map(|user| user.number).collect();
    let missing: Vec<u32> = (0..users).filter(|number| !known.contains(number)).collect();
    let (count, prefix) = (missing.len(), Arc::clone(file.prefix()));
    let made = seed::make(targets, &prefix, missing, connections, progress, |user| file.add(&user)).await;
    file.finish()?;
    made.map(|()| count)
}

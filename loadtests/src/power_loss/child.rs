//! The process that appends to a SQLite log until it is killed. It tells what it finds and what was acknowledged.

#![allow(clippy::print_stdout, reason = "its output is what the parent process reads")]

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use twofold_event_log::{EventLog, SqliteLog, SqliteLogOptions, Synchronous};

use super::load::{Entry, Receipt, start, whole};
use crate::random::Dice;

/// Ends the part about what was found.
const READY: &str = "ready";

/// Options of the child.
#[derive(Debug, Args)]
pub struct Options {
    /// The log.
    #[arg(long)]
    file: PathBuf,
    /// Do not wait for the disk.
    #[arg(long)]
    unsafe_off: bool,
    /// Appends at once.
    #[arg(long)]
    writers: u64,
    /// Of ids and sizes.
    #[arg(long)]
    seed: u64,
}

/// Runs until killed.
pub async fn run(options: Options) -> Result<()> {
    let mut settings = SqliteLogOptions::new(options.file);
    if options.unsafe_off {
        settings.synchronous = Synchronous::Off;
    }
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(settings).await?);
    for Entry { seq, id, part: (attempt, part, parts) } in whole(&*log).await? {
        println!("{seq} {id} {attempt} {part} {parts}");
    }
    println!("{READY}");
    // Only what was found, until the parent says so.
    std::io::stdin().read_line(&mut String::new())?;
    let tell = |(seq, id): Receipt| println!("{seq} {id}");
    start(&log, options.writers, &mut Dice::new(options.seed), &tell).join_all().await;
    Ok(())
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// In the log at the start.
    Found(Entry),
    /// All that was found has been told.
    Ready,
    /// Appended and answered.
    Acknowledged(Receipt),
    /// Cut off by the kill.
    Cut,
}

/// Reads a line of the child.
pub fn parse(line: &str) -> Result<Line> {
    use twofold_domain::CommitId;
    if line == READY {
        return Ok(Line::Ready);
    }
    let words: Vec<&str> = line.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().with_context(|| format!("a number in {line:?}"));
    match words[..] {
        [_, id] if id.len() == CommitId::LEN => Ok(Line::Acknowledged((number(0)?, id.to_owned()))),
        [_, id, ..] if words.len() == 5 => {
            Ok(Line::Found(Entry { seq: number(0)?, id: id.to_owned(), part: (number(2)?, number(3)?, number(4)?) }))
        }
        _ => Ok(Line::Cut),
    }
}

//! Appends per second of the log in a file, closed loop, for several numbers of appends in flight; then one scan.
//!
//! `cargo run --release -p twofold-event-log --example append_rate [new-file [seconds [users [in-flight,...]]]]`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod measure;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use measure::{Failure, table};
use twofold_event_log::{EventLog, SqliteLog, SqliteLogOptions};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir()?;
    let path = arguments.next().map_or_else(|| folder.path().join("log.db"), PathBuf::from);
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    let users: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(SqliteLogOptions::new(path)).await?);
    let in_flight = arguments.next().unwrap_or_else(|| "1,16,256,1024".to_owned());
    table(&log, &in_flight, users.max(1024), time).await?;
    log.close().await;
    Ok(())
}

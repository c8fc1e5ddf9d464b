//! The log in a file passes the suite, with every commit synced as in production.

use std::sync::Arc;

use tempfile::TempDir;
use twofold_event_log::conformance::Harness;
use twofold_event_log::{BoxFuture, EventLog, SqliteLog, SqliteLogOptions};

/// `ends_due`: how soon the ends of subjects move into the file.
struct File {
    folder: TempDir,
    ends_due: u64,
}

impl File {
    fn new(ends_due: u64) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), ends_due }
    }
}

impl Harness for File {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventLog>> {
        Box::pin(async {
            let options = SqliteLogOptions::new(self.folder.path().join("log.db"));
            let options = SqliteLogOptions { ends_due: self.ends_due, ..options };
            Arc::new(SqliteLog::open(options).await.expect("the log opens")) as Arc<dyn EventLog>
        })
    }
}

twofold_event_log::conformance_suite!(File::new(64 * 1024));

/// Ends move all the time, in two handles of one process at once.
mod ends_that_move {
    use super::File;

    twofold_event_log::conformance_suite!(File::new(5));
}

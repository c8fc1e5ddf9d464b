//! The log in a file passes the suite, with every commit synced as in production.

use std::sync::Arc;

use tempfile::TempDir;
use twofold_event_log::conformance::Harness;
use twofold_event_log::{BoxFuture, EventLog, SqliteLog, SqliteLogOptions};

struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

impl Harness for File {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventLog>> {
        Box::pin(async {
            let options = SqliteLogOptions::new(self.0.path().join("log.db"));
            Arc::new(SqliteLog::open(options).await.expect("the log opens")) as Arc<dyn EventLog>
        })
    }
}

twofold_event_log::conformance_suite!(File::new());

//! The log in memory passes the suite, and its faults are what they say.

use std::sync::Arc;

use twofold_event_log::conformance::{Harness, Sample};
use twofold_event_log::{Append, AppendError, BoxFuture, EventLog, Fault, MemoryLog, ReadError, Seq};

struct Memory(MemoryLog);

impl Harness for Memory {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventLog>> {
        Box::pin(async { Arc::new(self.0.clone()) as Arc<dyn EventLog> })
    }
}

twofold_event_log::conformance_suite!(Memory(MemoryLog::new()));

#[tokio::test]
async fn an_unavailable_append_stores_nothing() {
    let log = MemoryLog::new();
    log.fail_next_append(Fault::Unavailable);
    let group = Append::one(Sample::first(&Sample::user()));
    let outcome = log.append(group.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable { maybe_appended: false, .. })));
    assert_eq!(log.head().await, Ok(Seq::ZERO));
    assert!(log.append(group).await.is_ok());
}

#[tokio::test]
async fn a_lost_acknowledgement_is_found_by_repeating() {
    let log = MemoryLog::new();
    log.fail_next_append(Fault::AckLost);
    let group = Append::one(Sample::first(&Sample::user()));
    let outcome = log.append(group.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable { maybe_appended: true, .. })));
    assert_eq!(log.head().await, Ok(Seq(1)));
    assert_eq!(log.append(group).await.expect("found").seqs, [Seq(1)]);
    assert_eq!(log.head().await, Ok(Seq(1)));
}

#[tokio::test]
async fn an_unavailable_log_cannot_be_read_either() {
    let log = MemoryLog::new();
    log.set_unavailable(true);
    assert!(matches!(log.head().await, Err(ReadError::Unavailable(_))));
    assert!(log.append(Append::one(Sample::first(&Sample::user()))).await.is_err());
    log.set_unavailable(false);
    assert_eq!(log.head().await, Ok(Seq::ZERO));
}

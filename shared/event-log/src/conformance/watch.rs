//! Waking up.

use std::time::Duration;

use tokio::time::timeout;

use super::Harness;
use super::sample::{Sample, put};
use crate::Seq;

/// Four times what the port promises, for busy machines.
const PATIENCE: Duration = Duration::from_secs(1);

/// By the time an append is answered, the watcher knows of it.
pub async fn an_own_append_wakes_the_watcher(harness: &dyn Harness) {
    let log = harness.open().await;
    let mut watch = log.watch();
    assert_eq!(*watch.borrow_and_update(), Seq::ZERO);
    for _ in 0..10 {
        let seq = put(&*log, Sample::first(&Sample::user())).await;
        timeout(PATIENCE, watch.changed()).await.expect("in time").expect("open");
        assert_eq!(*watch.borrow_and_update(), seq);
    }
}

/// Another process's append is noticed without any call.
pub async fn another_handles_append_wakes_the_watcher(harness: &dyn Harness) {
    let log = harness.open().await;
    let other = harness.open().await;
    let mut watch = log.watch();
    for _ in 0..3 {
        let seq = put(&*other, Sample::first(&Sample::user())).await;
        timeout(PATIENCE, watch.wait_for(|head| *head >= seq)).await.expect("in time").expect("open");
    }
}

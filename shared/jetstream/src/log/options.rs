//! Settings of the log.

use std::time::Duration;

/// How to use the stream. The defaults were measured with `examples/jetstream_append_rate.rs`.
#[derive(Debug, Clone)]
pub struct JetStreamLogOptions {
    /// Appends accepted and not yet answered; one more is refused as overloaded. 8192.
    pub max_in_flight: usize,
    /// Payload bytes accepted and not yet answered. 64 MiB.
    pub max_in_flight_bytes: usize,
    /// Messages of one batch; the server takes 1000. 1000.
    pub batch_commits: usize,
    /// Payload bytes of one batch, except that one group always fits. 1 MiB.
    pub batch_bytes: usize,
    /// So many waiting commits or fewer go one by one, side by side: a batch costs the server more than a few messages.
    /// 0 makes everything a batch. 16.
    pub singles_at_most: usize,
    /// Rounds (a batch, or some single messages) on the way at the same time. 0 stands for 1 with one replica, whose one
    /// writer makes a second round wait anyway, and 2 with more. 0.
    pub rounds: usize,
    /// How long to wait for one answer of the server. 2 s.
    pub publish_timeout: Duration,
    /// How long an append may take in all, repetitions after unclear answers included. 5 s.
    pub deadline: Duration,
    /// Positions the server may be made to search through for the next commit of a subject. It looks at every message in
    /// between: over 6,000 it took 45 % of its time while a pile of codes was sent. Beyond this the commits are walked back
    /// one by one, and most users have few since their snapshot. 256.
    pub search_span: u64,
    /// How often the stream is asked for commits of other processes while somebody watches. 100 ms; the port allows
    /// 250 ms.
    pub follow_interval: Duration,
    /// Asked in the caller's task for the `traceparent` (W3C Trace Context) to store with a commit. None.
    pub trace: Option<fn() -> Option<String>>,
}

impl Default for JetStreamLogOptions {
    fn default() -> Self {
        Self {
            max_in_flight: 8192,
            max_in_flight_bytes: 64 * 1024 * 1024,
            batch_commits: 1000,
            batch_bytes: 1024 * 1024,
            singles_at_most: 16,
            rounds: 0,
            publish_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            search_span: 256,
            follow_interval: Duration::from_millis(100),
            trace: None,
        }
    }
}

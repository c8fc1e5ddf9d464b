//! What a load is made of: a scenario makes clients, and a client plays one operation after the other.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;

/// A future on the heap, so that scenarios can be told apart at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One kind of load.
pub trait Scenario: Send + Sync {
    /// The name in reports.
    fn name(&self) -> &'static str;

    /// A client with connections of its own. Clients are numbered from 0; several nodes are shared out by number.
    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>>;
}

/// One of many clients. Each plays one operation at a time.
pub trait Client: Send {
    /// Plays one operation and checks every answer. `None`: there is nothing left to play (users without an unspent step,
    /// say), and the run ends early and says so.
    fn play(&mut self) -> BoxFuture<'_, Option<Played>>;
}

/// What came of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What it was: `right`, `wrong`, `replay`, `enrol`, …. Reports count by kind.
    pub kind: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// Parts with a latency of their own, such as `challenge` and `verify` of one login.
    pub parts: Vec<(&'static str, Duration)>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it must.
    Right,
    /// The server refused for want of room or by a limit that the scenario did not mean to reach (429, 503).
    Refused(u16),
    /// An answer that must never be given; fails the run. What was expected, and what came.
    WrongAnswer(String),
    /// No answer: the connection broke, or time was over. Fails the run.
    NoAnswer(String),
}

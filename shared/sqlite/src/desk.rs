//! Connections that wait for work, each on a thread of its own.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Work that may wait; more is refused. Far more than requests are worked on at a time.
const WAITING: usize = 16 * 1024;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// Why there is no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Too much is waiting already.
    #[error("too many queries are waiting")]
    Overloaded,
    /// The desk is closed, or the work failed half-way.
    #[error("the file is closed")]
    Closed,
}

/// Some connections and what waits for the next one that is free.
pub struct Desk {
    queue: Arc<Queue>,
    threads: TaskTracker,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    closed: bool,
}

impl Desk {
    /// One thread for each connection, called `name` and a number. Names are cut at 15 bytes by Linux.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn new(name: &str, connections: Vec<Connection>) -> std::io::Result<Self> {
        let desk = Self { queue: Arc::default(), threads: TaskTracker::new() };
        for (number, connection) in connections.into_iter().enumerate() {
            let (queue, alive) = (Arc::clone(&desk.queue), desk.threads.token());
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || serve(connection, &queue, alive))?;
        }
        desk.threads.close();
        Ok(desk)
    }

    /// Has work done by the next connection that is free. It is done even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`DeskError`]; with [`DeskError::Overloaded`] it is certainly not done.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        let (answer, outcome) = oneshot::channel();
        self.queue.push(Box::new(move |connection| {
            // Whoever stopped waiting does not need it.
            let _unread = answer.send(work(connection));
        }))?;
        outcome.await.map_err(|_| DeskError::Closed)
    }

    /// Does what waits, refuses more, and lets go of the file. May be called again.
    pub async fn close(&self) {
        self.queue.close();
        self.threads.wait().await;
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Queue {
    fn push(&self, work: Work) -> Result<(), DeskError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(DeskError::Closed);
        }
        if state.waiting.len() >= WAITING {
            return Err(DeskError::Overloaded);
        }
        state.waiting.push_back(work);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next piece of work; none once the desk is closed and everything is done.
    fn next(&self) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            if state.closed {
                return None;
            }
            self.changed.wait(&mut state);
        }
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }
}

fn serve(mut connection: Connection, queue: &Queue, alive: TaskTrackerToken) {
    while let Some(work) = queue.next() {
        // One defective query costs its own answer, not the thread.
        let _panicked = catch_unwind(AssertUnwindSafe(|| work(&mut connection)));
    }
    drop(connection);
    drop(alive);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(connections: usize) -> Desk {
        let open = || Connection::open_in_memory().expect("opened");
        Desk::new("test", (0..connections).map(|_| open()).collect()).expect("threads")
    }

    fn one(connection: &mut Connection) -> i64 {
        connection.query_row("SELECT 1", [], |row| row.get(0)).expect("a row")
    }

    #[tokio::test]
    async fn work_is_done_and_what_panics_costs_only_its_own_answer() {
        let desk = desk(1);
        assert_eq!(desk.ask(one).await, Ok(1));
        assert_eq!(desk.ask(|_| -> i64 { panic!("on purpose") }).await, Err(DeskError::Closed));
        assert_eq!(desk.ask(one).await, Ok(1));
    }

    #[tokio::test]
    async fn what_was_accepted_is_done_before_it_closes_and_nothing_after() {
        let desk = Arc::new(desk(2));
        let asked: Vec<_> = (0..100)
            .map(|n| {
                let (answer, outcome) = oneshot::channel();
                let work: Work = Box::new(move |_| answer.send(n).expect("somebody waits"));
                desk.queue.push(work).expect("accepted");
                outcome
            })
            .collect();
        desk.close().await;
        for (n, mut outcome) in asked.into_iter().enumerate() {
            assert_eq!(outcome.try_recv(), Ok(n));
        }
        assert_eq!(desk.ask(one).await, Err(DeskError::Closed));
        desk.close().await;
    }

    #[tokio::test]
    async fn it_refuses_what_would_wait_behind_too_much() {
        let desk = desk(1);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (begun, mut begins) = tokio::sync::mpsc::channel::<()>(1);
        let holding: Work = Box::new(move |_| {
            begun.blocking_send(()).expect("somebody waits");
            wait.recv().expect("told to go on");
        });
        desk.queue.push(holding).expect("accepted");
        begins.recv().await.expect("begun");
        for _ in 0..WAITING {
            desk.queue.push(Box::new(|_| ())).expect("accepted");
        }
        assert_eq!(desk.ask(one).await, Err(DeskError::Overloaded));
        go.send(()).expect("it waits");
        desk.close().await;
    }
}

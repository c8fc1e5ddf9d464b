//! Gathering what waits into batches.

use std::collections::{HashSet, VecDeque};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::{Append, AppendError, Appended, Subject};

/// Commits after which a batch is full. Beyond this, a larger batch saves little and everyone in it waits longer.
const BATCH_COMMITS: usize = 1024;
/// Payload bytes after which a batch is full.
const BATCH_BYTES: usize = 1024 * 1024;
/// Groups set aside at most because an earlier one of the batch has the same subject.
const DEFERRED_GROUPS: usize = 1024;

/// One waiting append.
#[derive(Debug)]
pub(super) struct Request {
    pub group: Append,
    pub answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// The request's share of the bytes that may wait; given back when it is answered.
    pub bytes: OwnedSemaphorePermit,
}

/// Requests to be decided in one transaction. Never two with a subject in common, so each is decided alone.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub requests: Vec<Request>,
    subjects: HashSet<Subject>,
    commits: usize,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.commits >= BATCH_COMMITS || self.bytes >= BATCH_BYTES
    }

    /// Takes the request, or gives it back for the next batch.
    fn add(&mut self, request: Request) -> Result<(), Request> {
        let commits = &request.group.commits;
        if self.is_full() || commits.iter().any(|commit| self.subjects.contains(&commit.subject)) {
            return Err(request);
        }
        self.subjects.extend(commits.iter().map(|commit| commit.subject.clone()));
        self.commits += commits.len();
        self.bytes += request.group.payload_bytes();
        self.requests.push(request);
        Ok(())
    }
}

/// What is sent to the writer.
#[derive(Debug)]
pub(super) enum Message {
    Append(Request),
    /// Nothing more is accepted.
    Close,
}

/// What waits for the writer.
#[derive(Debug)]
pub(super) struct Queue {
    incoming: mpsc::Receiver<Message>,
    deferred: VecDeque<Request>,
}

impl Queue {
    pub fn new(incoming: mpsc::Receiver<Message>) -> Self {
        Self { incoming, deferred: VecDeque::new() }
    }

    /// Waits for one request, then takes along what else waits. `None`: closed, and nothing waits any more.
    pub fn next_batch(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        for request in std::mem::take(&mut self.deferred) {
            self.put(&mut batch, request);
        }
        while batch.requests.is_empty() {
            let message = self.incoming.blocking_recv()?;
            self.take(&mut batch, message);
        }
        while !batch.is_full() && self.deferred.len() < DEFERRED_GROUPS {
            let Ok(message) = self.incoming.try_recv() else { break };
            self.take(&mut batch, message);
        }
        Some(batch)
    }

    fn take(&mut self, batch: &mut Batch, message: Message) {
        match message {
            Message::Append(request) => self.put(batch, request),
            // What was accepted before is still to be had from it.
            Message::Close => self.incoming.close(),
        }
    }

    fn put(&mut self, batch: &mut Batch, request: Request) {
        if let Err(request) = batch.add(request) {
            self.deferred.push_back(request);
        }
    }
}

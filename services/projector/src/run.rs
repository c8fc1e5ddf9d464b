//! The loop.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use twofold_event_log::{EventLog, ReadError, Seq};
use twofold_read_model::{ProjectError, ReadStore, StoreError};

use crate::{Halt, ProjectorOptions, ProjectorStatus};

/// Projects a log into a store.
#[derive(Debug)]
pub struct Projector {
    options: ProjectorOptions,
    status: watch::Sender<ProjectorStatus>,
}

/// What a step led to.
enum Step {
    /// Projected up to here.
    At(Seq),
    /// Trying again may help. Internal text.
    Failed(String),
    /// It will not.
    Halted(Halt),
}

impl Default for Projector {
    fn default() -> Self {
        Self::new(ProjectorOptions::default())
    }
}

impl Projector {
    /// A projector that does nothing yet.
    pub fn new(options: ProjectorOptions) -> Self {
        Self { options, status: watch::Sender::new(ProjectorStatus::default()) }
    }

    /// How it goes, now and from now on.
    pub fn status(&self) -> watch::Receiver<ProjectorStatus> {
        self.status.subscribe()
    }

    /// Projects until `shutdown`, which gives a batch in progress up: nothing of it stays.
    ///
    /// # Errors
    /// [`Halt`]: a commit cannot be projected, and going on would mean skipping it. Failures of log and store are no
    /// reason to return; they are retried with growing pauses and show in the status.
    pub async fn run(
        &self,
        log: Arc<dyn EventLog>,
        store: Arc<dyn ReadStore>,
        shutdown: CancellationToken,
    ) -> Result<(), Halt> {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(()),
            halted = self.follow(&*log, &*store, &shutdown) => halted,
        }
    }

    async fn follow(
        &self,
        log: &dyn EventLog,
        store: &dyn ReadStore,
        shutdown: &CancellationToken,
    ) -> Result<(), Halt> {
        let mut head = log.watch();
        let mut position = None;
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            let step = match position {
                None => store.checkpoint().await.map_or_else(|error| retry(&error), Step::At),
                Some(at) => {
                    self.gather(&mut head, at).await;
                    self.step(log, store, at).await
                }
            };
            match step {
                Step::At(at) => {
                    position = Some(at);
                    failures = 0;
                    self.report(at, *head.borrow());
                }
                Step::Failed(reason) => {
                    failures += 1;
                    self.report_failure(failures, &reason);
                    sleep(self.options.pause(failures)).await;
                }
                Step::Halted(halt) => {
                    tracing::error!(%halt, "the projector has stopped: what it cannot read it must not skip");
                    self.status.send_modify(|status| status.halted = Some(halt.clone()));
                    return Err(halt);
                }
            }
        }
        Ok(())
    }

    /// Waits until there is something to project, and a little longer when it is little.
    async fn gather(&self, head: &mut watch::Receiver<Seq>, position: Seq) {
        if *head.borrow_and_update() <= position {
            tokio::select! {
                // An error means that the log is gone; the next read will say so.
                changed = head.changed() => if changed.is_err() { sleep(self.options.idle).await },
                // Whatever was not announced.
                () = sleep(self.options.idle) => return,
            }
        }
        let waiting = head.borrow_and_update().0.saturating_sub(position.0);
        if waiting < self.options.batch as u64 {
            sleep(self.options.gather).await;
        }
    }

    async fn step(&self, log: &dyn EventLog, store: &dyn ReadStore, position: Seq) -> Step {
        let batch = match log.read_all(position, self.options.batch).await {
            Ok(batch) if batch.is_empty() => return Step::At(position),
            Ok(batch) => batch,
            Err(error @ ReadError::Unavailable(_)) => return Step::Failed(error.to_string()),
            Err(error @ ReadError::Corrupt(_)) => return Step::Halted(Halt::Log(error)),
        };
        match store.apply(&batch).await {
            Ok(position) => Step::At(position),
            Err(ProjectError::Store(error)) => retry(&error),
            Err(error @ ProjectError::Gap { .. }) => self.resume(store, position, error).await,
            Err(error @ (ProjectError::UnknownEvent { .. } | ProjectError::Undecodable { .. })) => {
                Step::Halted(Halt::Project(error))
            }
        }
    }

    /// The store was emptied, for a rebuild: go on where it is. A gap without that is a defect.
    async fn resume(&self, store: &dyn ReadStore, position: Seq, gap: ProjectError) -> Step {
        match store.checkpoint().await {
            Ok(checkpoint) if checkpoint == position => Step::Halted(Halt::Project(gap)),
            Ok(checkpoint) => Step::At(checkpoint),
            Err(error) => retry(&error),
        }
    }

    fn report(&self, position: Seq, head: Seq) {
        let status = ProjectorStatus { position, head: head.max(position), failures: 0, failing: false, halted: None };
        self.status.send_if_modified(|known| {
            let changed = *known != status;
            *known = status;
            changed
        });
    }

    fn report_failure(&self, failures: u32, reason: &str) {
        let failing = failures > self.options.tolerated_failures;
        tracing::warn!(failures, reason, "cannot project; trying again");
        self.status.send_modify(|status| {
            status.failures = failures;
            status.failing = failing;
        });
    }
}

fn retry(error: &StoreError) -> Step {
    Step::Failed(error.to_string())
}

//! The loop.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use twofold_event_log::{EventLog, ReadError, Seq};
use twofold_read_model::{ProjectError, ReadStore, StoreError};

use crate::{Halt, PageObserver, ProjectorOptions, ProjectorStatus};

/// Projects a log into a store.
#[derive(Debug)]
pub struct Projector {
    options: ProjectorOptions,
    status: watch::Sender<ProjectorStatus>,
    observer: Option<Arc<dyn PageObserver>>,
}

/// What a step led to.
enum Step {
    /// Projected up to here.
    At(Seq),
    /// Another process has projected up to here, and goes on.
    StandBy(Seq),
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
        Self { options, status: watch::Sender::new(ProjectorStatus::default()), observer: None }
    }

    /// Lets somebody see what is projected.
    pub fn observed_by(mut self, observer: Arc<dyn PageObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How it goes, now and from now on.
    pub fn status(&self) -> watch::Receiver<ProjectorStatus> {
        self.status.subscribe()
    }

    /// Projects until `shutdown`, which gives a batch in progress up: nothing of it stays.
    ///
    /// # Errors
    /// [`Halt`]: a commit cannot be projected, and going on would mean skipping it. Failures of log and store are no
    /// reason to return; they are retried with growing pauses and show in the status. While another process projects, this
    /// one stands by and takes over when that one is gone.
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
            // To have found the place again is not yet to have projected anything.
            let begins = position.is_none();
            let step = match position {
                None => begin(store).await,
                Some(at) => {
                    self.gather(&mut head, at).await;
                    self.step(log, store, at).await
                }
            };
            match step {
                Step::At(at) => {
                    position = Some(at);
                    if begins && failures > 0 {
                        continue;
                    }
                    failures = 0;
                    self.report(at, *head.borrow(), true);
                }
                Step::StandBy(at) => {
                    failures = 0;
                    self.report(at, *head.borrow(), false);
                    sleep(self.options.idle).await;
                }
                Step::Failed(reason) => {
                    failures += 1;
                    // The connection may be gone, and the claim with it.
                    position = None;
                    self.report_failure(failures, &reason);
                    sleep(self.options.pause(failures)).await;
                }
                Step::Halted(halt) => {
                    tracing::error!(%halt, "the projector has stopped: what it cannot read it must not skip");
                    self.status.send_modify(|status| {
                        status.active = false;
                        status.halted = Some(halt.clone());
                    });
                    // Another one, of a newer version, may be able to read it.
                    store.disclaim().await;
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
        let ProjectorOptions { batch, gather, busy, gather_busy, .. } = self.options;
        let mut waiting =
            || usize::try_from(head.borrow_and_update().0.saturating_sub(position.0)).unwrap_or(usize::MAX);
        if waiting() < batch {
            sleep(gather).await;
            if (busy..batch).contains(&waiting()) {
                sleep(gather_busy).await;
            }
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
            Ok(position) => {
                if let Some(observer) = &self.observer {
                    observer.seen(&batch);
                }
                Step::At(position)
            }
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

    fn report(&self, position: Seq, head: Seq, active: bool) {
        let head = head.max(position);
        let status = ProjectorStatus { position, head, failures: 0, failing: false, active, halted: None };
        self.status.send_if_modified(|known| {
            let changed = *known != status;
            if active && !known.active {
                tracing::info!(%position, "projecting");
            } else if known.active && !active {
                tracing::info!("standing by: another process projects");
            }
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
            status.active = false;
        });
    }
}

/// Where to go on, if nobody else does.
async fn begin(store: &dyn ReadStore) -> Step {
    let ours = store.claim().await;
    match (ours, store.checkpoint().await) {
        (Ok(true), Ok(at)) => Step::At(at),
        (Ok(false), Ok(at)) => Step::StandBy(at),
        (Err(error), _) | (_, Err(error)) => retry(&error),
    }
}

fn retry(error: &StoreError) -> Step {
    Step::Failed(error.to_string())
}

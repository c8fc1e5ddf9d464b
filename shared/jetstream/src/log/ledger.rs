//! What is decided before a group is handed over: beliefs no log can hold, and commits without any.

use tokio::time::{Instant, timeout_at};
use twofold_event_log::{Append, AppendError, Appended, Expected, ReadError};

use super::JetStreamLog;
use super::entry::{Entry, expected_seq};
use super::handle::not_stored;
use super::resolve::Fate;

impl JetStreamLog {
    pub(super) async fn append_group(&self, group: Append) -> Result<Appended, AppendError> {
        group.validate()?;
        if !self.core.stream.broker.is_connected() {
            return Err(not_stored("not connected to NATS"));
        }
        let trace = self.core.options.trace.and_then(|current| current());
        let deadline = Instant::now() + self.core.options.deadline;
        let expectations = || group.commits.iter().map(|commit| commit.expected);
        if expectations().flatten().any(|expected| expected_seq(expected).is_none()) {
            return match self.core.stream.judge(&group).await {
                Ok(Fate::Stored(seqs)) => self.core.seen(seqs, deadline).await,
                Ok(Fate::Conflict(subject, actual)) => Err(AppendError::Conflict { subject, actual }),
                Ok(Fate::Absent | Fate::Partly) => Err(not_stored("an expectation no log can fulfil")),
                Err(error) => Err(not_stored(&error)),
            };
        }
        if expectations().all(|expected| expected.is_some()) {
            return self.hand_over(group, trace, deadline).await;
        }
        self.append_anyway(group, trace, deadline).await
    }

    /// Gives commits without an expectation the one that holds now, again when somebody was faster.
    async fn append_anyway(
        &self,
        group: Append,
        trace: Option<String>,
        deadline: Instant,
    ) -> Result<Appended, AppendError> {
        loop {
            let mut ready = group.clone();
            let mut repeated = false;
            for commit in ready.commits.iter_mut().filter(|commit| commit.expected.is_none()) {
                let last = timeout_at(deadline, self.core.stream.last(&commit.subject)).await;
                let last = last.map_err(|_| not_stored("no answer in time"))?.map_err(|error| not_stored(&error))?;
                repeated |= last.as_ref().is_some_and(|last| last.stored.id == commit.id);
                commit.expected = Some(last.as_ref().map(Entry::seq).map_or(Expected::NoStream, Expected::Exact));
            }
            if repeated {
                match self.core.stream.judge(&group).await {
                    Ok(Fate::Stored(seqs)) => return self.core.seen(seqs, deadline).await,
                    Ok(Fate::Conflict(subject, actual)) => return Err(AppendError::Conflict { subject, actual }),
                    Ok(Fate::Absent | Fate::Partly) => {}
                    Err(ReadError::Unavailable(reason) | ReadError::Corrupt(reason)) => {
                        return Err(not_stored(&reason));
                    }
                }
            }
            match self.hand_over(ready, trace.clone(), deadline).await {
                Err(AppendError::Conflict { subject, .. })
                    if Instant::now() < deadline
                        && group.commits.iter().any(|c| c.subject == subject && c.expected.is_none()) => {}
                outcome => return outcome,
            }
        }
    }
}

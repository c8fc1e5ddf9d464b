//! Choosing what goes next.

use std::collections::{HashSet, VecDeque};

use twofold_event_log::Subject;

use super::JetStreamLogOptions;
use super::request::Request;

/// What waits, in the order it came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    requests: VecDeque<Request>,
    /// Subjects of what is on its way: the next commit of one waits until it is known what became of the one before.
    busy: HashSet<Subject>,
}

impl Waiting {
    pub fn push(&mut self, request: Request) {
        self.requests.push_back(request);
    }

    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// What may go out together: no subject twice, none that is on its way, none before an earlier append to it, within
    /// the limits of a batch. Its subjects are busy from now on.
    pub fn take(&mut self, options: &JetStreamLogOptions) -> Vec<Request> {
        let mut taken = Vec::new();
        let (mut commits, mut bytes) = (0, 0);
        let mut passed_over = HashSet::new();
        let mut kept = VecDeque::new();
        while let Some(request) = self.requests.pop_front() {
            let blocked =
                request.subjects().any(|subject| self.busy.contains(subject) || passed_over.contains(subject));
            if blocked {
                passed_over.extend(request.subjects().cloned());
                kept.push_back(request);
                continue;
            }
            let (more_commits, more_bytes) = (request.group.commits.len(), request.group.payload_bytes());
            let fits = commits + more_commits <= options.batch_commits && bytes + more_bytes <= options.batch_bytes;
            if !taken.is_empty() && !fits {
                self.requests.push_front(request);
                break;
            }
            commits += more_commits;
            bytes += more_bytes;
            self.busy.extend(request.subjects().cloned());
            taken.push(request);
        }
        // What was passed over came before what is left.
        while let Some(request) = kept.pop_back() {
            self.requests.push_front(request);
        }
        taken
    }

    /// What became of these is known.
    pub fn free(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        for subject in subjects {
            self.busy.remove(&subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Semaphore, oneshot};
    use tokio::time::Instant;
    use twofold_event_log::Append;
    use twofold_event_log::conformance::Sample;

    use super::*;
    use crate::log::request::Share;

    fn request(subjects: &[&Subject]) -> Request {
        let permits = Arc::new(Semaphore::new(2));
        let permit = || Arc::clone(&permits).try_acquire_owned().expect("two permits");
        Request {
            group: Append { commits: subjects.iter().map(|subject| Sample::first(subject)).collect() },
            trace: None,
            answer: oneshot::channel().0,
            deadline: Instant::now(),
            share: Share { groups: permit(), bytes: permit() },
        }
    }

    fn subjects(requests: &[Request]) -> Vec<Vec<Subject>> {
        requests.iter().map(|request| request.subjects().cloned().collect()).collect()
    }

    #[test]
    fn commits_of_one_subject_go_one_after_the_other_and_in_order() {
        let [a, b, c] = [(); 3].map(|()| Sample::user());
        let options = JetStreamLogOptions::default();
        let mut waiting = Waiting::default();
        for group in [&[&a][..], &[&b, &a], &[&b], &[&c]] {
            waiting.push(request(group));
        }
        let first = waiting.take(&options);
        // The third came after the second, which has to wait for the first.
        assert_eq!(subjects(&first), [vec![a.clone()], vec![c.clone()]]);
        assert!(waiting.take(&options).is_empty());
        waiting.free([c]);
        assert!(waiting.take(&options).is_empty());
        waiting.free([a.clone()]);
        assert_eq!(subjects(&waiting.take(&options)), [vec![b.clone(), a.clone()]]);
        waiting.free([a, b.clone()]);
        assert_eq!(subjects(&waiting.take(&options)), [vec![b]]);
        assert!(waiting.is_empty());
    }

    #[test]
    fn a_batch_ends_at_its_limit_and_the_rest_keeps_its_order() {
        let users: Vec<_> = (0..5).map(|_| Sample::user()).collect();
        let options = JetStreamLogOptions { batch_commits: 2, ..Default::default() };
        let mut waiting = Waiting::default();
        for user in &users {
            waiting.push(request(&[user]));
        }
        let mut taken = Vec::new();
        while !waiting.is_empty() {
            let batch = waiting.take(&options);
            assert!(batch.len() <= 2);
            taken.extend(subjects(&batch).into_iter().flatten());
        }
        assert_eq!(taken, users);
    }

    #[test]
    fn a_group_over_the_limit_goes_alone() {
        let users: Vec<_> = (0..3).map(|_| Sample::user()).collect();
        let options = JetStreamLogOptions { batch_commits: 2, batch_bytes: 1, ..Default::default() };
        let mut waiting = Waiting::default();
        waiting.push(request(&[&users[0], &users[1], &users[2]]));
        assert_eq!(waiting.take(&options).len(), 1);
    }
}

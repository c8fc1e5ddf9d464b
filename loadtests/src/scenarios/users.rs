//! Users with an authenticator, handed out so that each spends a step once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use parking_lot::Mutex;
use tokio::time::sleep;

use super::phone::step_now;

/// Bytes of a secret: what the API makes (RFC 4226, section 4, R6).
pub(super) const SECRET_BYTES: usize = 20;
/// Wrong codes in a row from one user. The fifth would lock him, and earlier runs may have left two.
const WRONG_MAX: u8 = 2;
/// Spent codes remembered for replays.
const SPENT_MAX: usize = 4096;
/// How many busy users are passed over before it is said that there are too few.
const PASSED_OVER_MAX: usize = 4096;

/// A user with an authenticator app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What his id begins with; the number follows.
    pub prefix: Arc<str>,
    /// Which of them he is.
    pub number: u32,
    /// His tenant, as the number of its key.
    pub tenant: u16,
    /// The step that was last spent, as far as is known.
    pub spent: u64,
    /// What his app and the server share.
    pub secret: [u8; SECRET_BYTES],
}

impl User {
    /// The panel's own id.
    pub fn id(&self) -> String {
        format!("{}-{}", self.prefix, self.number)
    }

    /// A path about him; `rest` begins with a slash or is empty.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/users/{}-{}{rest}", self.prefix, self.number)
    }
}

#[derive(Debug, Clone, Copy)]
struct Standing {
    /// The last step he was handed out for.
    step: u64,
    /// Wrong codes since the last right one.
    wrong: u8,
    busy: bool,
}

#[derive(Debug)]
struct Turns {
    next: usize,
    standing: Vec<Standing>,
    spent: VecDeque<usize>,
}

/// Users and whose turn it is. What was spent is remembered from run to run.
#[derive(Debug)]
pub struct Users {
    all: Vec<User>,
    turns: Mutex<Turns>,
}

impl Users {
    /// In this order, round and round.
    ///
    /// # Errors
    /// There are none.
    pub fn new(all: Vec<User>) -> Result<Arc<Self>> {
        ensure!(!all.is_empty(), "a load needs users");
        let standing = all.iter().map(|user| Standing { step: user.spent, wrong: 0, busy: false }).collect();
        let turns = Turns { next: 0, standing, spent: VecDeque::with_capacity(SPENT_MAX) };
        Ok(Arc::new(Self { all, turns: Mutex::new(turns) }))
    }

    /// All of them.
    pub fn all(&self) -> &[User] {
        &self.all
    }

    /// Waits until the next user has an unspent step: half a minute at most.
    pub(crate) async fn rested(&self) {
        loop {
            let last = {
                let turns = self.turns.lock();
                turns.standing[turns.next].step
            };
            if last < step_now() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until every user has an unspent step, while nobody plays: half a minute at most, a little more for the few whose
    /// code was that of two steps.
    pub(crate) async fn all_rested(&self) {
        let last = self.turns.lock().standing.iter().map(|standing| standing.step).max().unwrap_or(0);
        while step_now() <= last {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next user whose current step is unspent; it counts as spent from now on. None: there are too few for this rate.
    pub(crate) fn take(&self) -> Option<Turn<'_>> {
        let step = step_now();
        let mut turns = self.turns.lock();
        for _ in 0..self.all.len().min(PASSED_OVER_MAX) {
            let index = turns.next;
            let standing = &mut turns.standing[index];
            if standing.busy {
                turns.next = (index + 1) % self.all.len();
                continue;
            }
            if standing.step >= step {
                return None;
            }
            (standing.step, standing.busy) = (step, true);
            turns.next = (index + 1) % self.all.len();
            return Some(Turn { users: self, index, step });
        }
        None
    }

    /// A user who spent the current step a short while ago.
    pub(crate) fn take_spent(&self) -> Option<Turn<'_>> {
        let step = step_now();
        let mut turns = self.turns.lock();
        while let Some(index) = turns.spent.pop_back() {
            let standing = &mut turns.standing[index];
            if standing.step == step && !standing.busy && standing.wrong < WRONG_MAX {
                standing.busy = true;
                return Some(Turn { users: self, index, step });
            }
        }
        None
    }
}

/// A user whom nobody else has until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    users: &'a Users,
    index: usize,
    /// The step to spend.
    pub(crate) step: u64,
}

impl Turn<'_> {
    pub(crate) fn user(&self) -> &User {
        &self.users.all[self.index]
    }

    /// Whether a wrong code more cannot lock him.
    pub(crate) fn may_fail(&self) -> bool {
        self.users.turns.lock().standing[self.index].wrong < WRONG_MAX
    }

    /// He sent a wrong code, or a spent one.
    pub(crate) fn failed(&self) {
        self.users.turns.lock().standing[self.index].wrong += 1;
    }

    /// His code was right: it can be replayed.
    pub(crate) fn passed(&self) {
        let mut turns = self.users.turns.lock();
        turns.standing[self.index].wrong = 0;
        if turns.spent.len() == SPENT_MAX {
            turns.spent.pop_front();
        }
        turns.spent.push_back(self.index);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.users.turns.lock().standing[self.index].busy = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(count: u32) -> Arc<Users> {
        let prefix: Arc<str> = "u".into();
        let user = |number| User { prefix: Arc::clone(&prefix), number, tenant: 0, spent: 0, secret: [0; 20] };
        Users::new((0..count).map(user).collect()).expect("users")
    }

    /// What is said of one step would be wrong if another began meanwhile.
    fn within_one_step(check: impl Fn()) {
        let mut step = step_now();
        loop {
            check();
            let after = step_now();
            if step == after {
                return;
            }
            step = after;
        }
    }

    #[test]
    fn a_user_spends_a_step_once_and_then_there_are_too_few() {
        within_one_step(|| {
            let users = users(2);
            let taken: Vec<u32> = std::iter::from_fn(|| users.take().map(|turn| turn.user().number)).take(5).collect();
            assert!(taken == [0, 1] || step_now() > users.turns.lock().standing[0].step);
        });
    }

    #[test]
    fn a_busy_user_is_passed_over() {
        let users = users(2);
        let first = users.take().expect("one");
        users.turns.lock().next = 0;
        users.turns.lock().standing[0].step = 0;
        assert_eq!(users.take().map(|turn| turn.user().number), Some(1));
        drop(first);
    }

    #[test]
    fn only_a_right_code_of_this_step_is_replayed_and_nobody_is_brought_to_a_lock() {
        within_one_step(|| {
            let users = users(3);
            let step = step_now();
            assert!(users.take_spent().is_none());
            for _ in 0..2 {
                let Some(turn) = users.take() else { return };
                turn.passed();
            }
            let replayed = users.take_spent().map(|turn| {
                turn.failed();
                turn.failed();
                (turn.user().number, turn.may_fail())
            });
            users.turns.lock().spent.push_back(1);
            let again = users.take_spent().map(|turn| turn.user().number);
            assert!(step_now() > step || (replayed, again) == (Some((1, false)), Some(0)));
        });
    }
}

//! What a storm was told, and what it must never be told.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::scenarios::answer::{Expected, member, told};
use crate::scenarios::phone::{code, is_of_some_step};
use crate::scenarios::users::User;

/// Failures to a lock, and the length of the first one, each further one being twice as long.
const PER_LOCK: u64 = 5;
const FIRST_LOCK_S: u64 = 30;
/// Violations kept for the report.
const TOLD_MAX: usize = 100;

/// What the storm was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// 422: evaluated, and wrong.
    pub wrong: u64,
    /// 429: locked, not evaluated.
    pub locked: u64,
    /// 503, or 409 because another guess was faster: not decided.
    pub refused: u64,
    /// No answer: the connection broke.
    pub unanswered: u64,
    /// Answers that must never be given: a success, an unknown answer, or more guesses evaluated than locks allow.
    pub violations: u64,
}

impl Guesses {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.wrong + self.locked + self.refused + self.unanswered + self.violations
    }

    /// These and those.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            wrong: self.wrong + other.wrong,
            locked: self.locked + other.locked,
            refused: self.refused + other.refused,
            unanswered: self.unanswered + other.unanswered,
            violations: self.violations + other.violations,
        }
    }
}

#[derive(Debug)]
pub(super) struct Victim {
    pub(super) user: User,
    pub(super) first: Option<Instant>,
    pub(super) evaluated: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) guesses: Guesses,
    /// Violations not yet told to the run.
    pub(super) untold: Vec<String>,
}

impl Ledger {
    /// An answer to a guess at a victim, made in a step.
    pub(super) fn note(&mut self, status: u16, body: &[u8], victim: &mut Victim, (step, guess): (u64, &str)) {
        let secret = &victim.user.secret;
        if Expected::LOCKED.is_met(status, body) {
            self.guesses.locked += 1;
        } else if Expected::WRONG.is_met(status, body)
            || Expected::SPENT.is_met(status, body) && is_of_some_step(secret, step, guess)
        {
            self.guesses.wrong += 1;
            victim.evaluated += 1;
            let most = most_evaluated(victim.first.map(|first| first.elapsed()).unwrap_or_default());
            if victim.evaluated > most {
                self.violation(told(&format!("at most {most} evaluated guesses"), status, body));
            }
        } else if status == 503 || status == 409 && body_says(body, "concurrent_changes") {
            self.guesses.refused += 1;
        } else if status == 200 && (step - 1..=step + 2).any(|near| code(secret, near) == guess) {
            // Three in a million guesses are right. The budget begins anew, so this victim's account is closed.
            self.guesses.wrong += 1;
            victim.evaluated = 0;
            victim.first = None;
        } else {
            self.violation(told("wrong_code or locked", status, body));
        }
    }

    fn violation(&mut self, what: String) {
        self.guesses.violations += 1;
        if self.untold.len() < TOLD_MAX {
            self.untold.push(what);
        }
    }
}

fn body_says(body: &[u8], code: &str) -> bool {
    member(body, "code") == Some(code)
}

/// How many guesses can have been evaluated since the first one, at most: five to each lock, and each lock twice as long
/// as the one before.
fn most_evaluated(since: Duration) -> u64 {
    let (mut locks, mut over) = (1, FIRST_LOCK_S);
    while since.as_secs() >= over {
        over += FIRST_LOCK_S << locks;
        locks += 1;
    }
    locks * PER_LOCK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::phone;

    #[test]
    fn five_guesses_are_evaluated_before_each_lock_and_the_locks_double() {
        let most = |s| most_evaluated(Duration::from_secs(s));
        assert_eq!([0, 29, 30, 89, 90, 209, 210].map(most), [5, 5, 10, 10, 15, 15, 20]);
    }

    #[test]
    fn a_success_and_a_sixth_evaluated_guess_are_violations() {
        let user = User { prefix: "v".into(), number: 0, tenant: 0, spent: 0, secret: [1; 20] };
        let mut victim = Victim { user, first: Some(Instant::now()), evaluated: 0 };
        let mut ledger = Ledger::default();
        let wrong = br#"{"code":"wrong_code","verified":false}"#;
        let never = phone::wrong_code(&[1; 20], 1000, 0);
        for _ in 0..5 {
            ledger.note(422, wrong, &mut victim, (1000, &never));
        }
        ledger.note(429, br#"{"code":"locked","verified":false}"#, &mut victim, (1000, &never));
        ledger.note(503, b"{}", &mut victim, (1000, &never));
        let quiet = Guesses { wrong: 5, locked: 1, refused: 1, unanswered: 0, violations: 0 };
        assert_eq!(ledger.guesses, quiet);
        ledger.note(422, wrong, &mut victim, (1000, &never));
        ledger.note(200, br#"{"verified":true}"#, &mut victim, (1000, &never));
        ledger.note(500, b"{}", &mut victim, (1000, &never));
        assert_eq!((ledger.guesses.violations, ledger.untold.len()), (3, 3));
    }
}

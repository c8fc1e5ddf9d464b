//! What a client knows of one user, and what it may therefore be answered.

use std::collections::BTreeSet;

use super::answer::Reply;

/// Wrong codes in a row after which a user may be locked.
const BUDGET: u32 = 5;

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The right code of a step that was not spent yet, as far as the client knows.
    Right(u64),
    /// A code that is not right, and will not be.
    Wrong,
    /// The code of the step that was accepted last.
    Replay,
}

/// What an acknowledged event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The code of this step was accepted.
    Accepted(u64),
    /// A code sent by e-mail was accepted.
    MailAccepted,
    /// A code was not accepted.
    Rejected,
    /// A challenge was opened, and a message is to be sent.
    Challenged,
}

/// One user.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The last step known to be spent.
    pub spent: u64,
    /// Steps whose code was sent without an answer.
    pub doubts: BTreeSet<u64>,
    /// Wrong codes since the last success, those without an answer included.
    failures: u32,
}

impl Account {
    /// Takes in an answer.
    ///
    /// # Errors
    /// What must not have been answered. `late`: the step is over by the clock, so its code may be refused.
    pub fn judge(&mut self, ask: Ask, reply: &Reply, late: bool) -> Result<Option<Fact>, String> {
        let wrong = || Err(format!("{ask:?} after step {} was answered {}", self.spent, reply.describe()));
        if reply.is_open() {
            self.open(ask);
            return Ok(None);
        }
        match (ask, reply.says()) {
            (Ask::Right(step), (200, _)) if step > self.spent => {
                self.spent = step;
                self.failures = 0;
                Ok(Some(Fact::Accepted(step)))
            }
            (Ask::Right(step), (422, "already_used")) if self.doubts.contains(&step) => {
                // The attempt without an answer had been accepted.
                self.spent = step;
                self.failures = 1;
                Ok(Some(Fact::Rejected))
            }
            (Ask::Right(_), (422, "wrong_code" | "expired")) if late => self.rejected(),
            (Ask::Wrong, (422, "wrong_code")) | (Ask::Replay, (422, "already_used")) => self.rejected(),
            (_, (429, "locked")) if self.failures >= BUDGET => Ok(None),
            _ => wrong(),
        }
    }

    /// Two answers to the same right code, sent twice at once: one success at most.
    pub fn judge_twins(&mut self, step: u64, replies: [&Reply; 2], late: bool) -> [Result<Option<Fact>, String>; 2] {
        let first = usize::from(replies[0].says().0 != 200);
        let (one, other) = (replies[first], replies[1 - first]);
        if other.is_open() {
            self.open(Ask::Right(step));
        }
        let judged = self.judge(Ask::Right(step), one, late);
        let ask = if self.spent == step { Ask::Replay } else { Ask::Right(step) };
        let other = self.judge(ask, other, late);
        if first == 0 { [judged, other] } else { [other, judged] }
    }

    fn open(&mut self, ask: Ask) {
        match ask {
            Ask::Right(step) => {
                self.doubts.insert(step);
            }
            Ask::Wrong | Ask::Replay => self.failures += 1,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one arm of the judgement")]
    fn rejected(&mut self) -> Result<Option<Fact>, String> {
        self.failures += 1;
        Ok(Some(Fact::Rejected))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(status: u16, code: &str) -> Reply {
        Reply::of(status, json!({ "code": code, "position": 7 }).to_string().as_bytes())
    }

    fn known(spent: u64) -> Account {
        Account { spent, ..Account::default() }
    }

    #[test]
    fn a_step_is_accepted_once() {
        let mut account = known(9);
        assert_eq!(account.judge(Ask::Right(10), &reply(200, ""), false), Ok(Some(Fact::Accepted(10))));
        assert!(account.judge(Ask::Right(10), &reply(200, ""), false).is_err());
        assert!(account.judge(Ask::Replay, &reply(200, ""), false).is_err());
        assert_eq!(account.judge(Ask::Replay, &reply(422, "already_used"), false), Ok(Some(Fact::Rejected)));
    }

    #[test]
    fn a_right_code_is_refused_only_after_an_answer_that_was_lost() {
        let mut account = known(9);
        assert!(account.judge(Ask::Right(10), &reply(422, "already_used"), false).is_err());
        assert!(account.judge(Ask::Right(10), &reply(422, "wrong_code"), false).is_err());
        assert_eq!(account.judge(Ask::Right(10), &reply(503, "unavailable"), false), Ok(None));
        assert!(account.judge(Ask::Right(10), &reply(422, "wrong_code"), false).is_err());
        assert_eq!(account.judge(Ask::Right(10), &reply(422, "already_used"), false), Ok(Some(Fact::Rejected)));
        assert_eq!(account.spent, 10);
    }

    #[test]
    fn faults_are_answered_503_or_not_at_all() {
        for (status, code) in [(500, "internal"), (401, "unauthorized"), (404, "user_not_found"), (409, "conflict")] {
            assert!(known(9).judge(Ask::Right(10), &reply(status, code), false).is_err(), "{status}");
        }
        assert_eq!(known(9).judge(Ask::Right(10), &Reply::Cut, false), Ok(None));
    }

    #[test]
    fn a_lock_needs_as_many_wrong_codes_as_the_budget_has() {
        let mut account = known(9);
        for _ in 0..BUDGET {
            assert!(account.judge(Ask::Right(10), &reply(429, "locked"), false).is_err());
            account.judge(Ask::Wrong, &reply(422, "wrong_code"), false).expect("allowed");
        }
        assert_eq!(account.judge(Ask::Right(10), &reply(429, "locked"), false), Ok(None));
    }

    #[test]
    fn of_twins_one_wins() {
        let (won, used, open) = (reply(200, ""), reply(422, "already_used"), reply(503, "unavailable"));
        let judge = |a: &Reply, b: &Reply| known(9).judge_twins(10, [a, b], false).map(|judged| judged.is_ok());
        assert_eq!(judge(&won, &used), [true, true]);
        assert_eq!(judge(&used, &won), [true, true]);
        assert_eq!(judge(&open, &won), [true, true]);
        assert_eq!(judge(&open, &used), [true, true]);
        assert_eq!(judge(&open, &open), [true, true]);
        assert!(judge(&won, &won).contains(&false));
        assert!(judge(&used, &used).contains(&false));
    }
}

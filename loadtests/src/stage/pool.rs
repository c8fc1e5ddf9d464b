//! Users, and more of them as soon as it is known how many a rate needs.

use std::sync::Arc;

use anyhow::Result;

use super::{Stage, tell};
use crate::scenarios::{User, Users, step_now};

/// Users for each operation a second: each spends a step of 30 seconds once, so fewer would be passed over, and some are left
/// for operations that catch up after a pause.
const FOR_EACH: u64 = 32;
/// The most that are ever made, whatever the rate.
const MOST: u64 = 400_000;

/// Users that were made so far.
#[derive(Debug)]
pub(crate) struct Pool {
    prefix: &'static str,
    parts: u32,
    all: Vec<User>,
}

impl Pool {
    /// Without users; those to come are called `prefix` and two numbers.
    pub(crate) fn new(prefix: &'static str) -> Self {
        Self { prefix, parts: 0, all: Vec::new() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many a rate needs.
    pub(crate) fn needed(per_second: u64) -> u32 {
        u32::try_from(per_second.saturating_mul(FOR_EACH).clamp(FOR_EACH, MOST)).unwrap_or(u32::MAX)
    }

    /// Says so when there are fewer than a rate needs: the scenario then has nothing left to play before time is over.
    pub(crate) fn tell_if_too_few(per_second: u64, users: usize) {
        let needed = Self::needed(per_second);
        if users < needed as usize {
            tell(&format!("{users} users are few for {per_second} operations a second: {needed} would do"));
        }
    }

    /// Makes as many as are missing of so many; answers all of them, when each has an unspent step.
    ///
    /// # Errors
    /// They cannot be made.
    pub(crate) async fn grown(&mut self, stage: &Stage, count: u32) -> Result<Arc<Users>> {
        // What earlier runs spent is not told here: the step of now, at most.
        let now = step_now();
        for user in &mut self.all {
            user.spent = user.spent.max(now);
        }
        let missing = usize::try_from(count)?.saturating_sub(self.all.len());
        if missing > 0 {
            self.parts += 1;
            let prefix = format!("{}-{}", self.prefix, self.parts);
            self.all.extend(stage.users(&prefix, u32::try_from(missing)?).await?);
        }
        let users = Users::new(self.all.clone())?;
        users.all_rested().await;
        Ok(users)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_users_for_more_than_a_step_and_there_is_an_end_to_them() {
        assert_eq!([0, 1, 1000, 1_000_000].map(Pool::needed), [32, 32, 32_000, 400_000]);
    }
}

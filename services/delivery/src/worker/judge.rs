//! What follows from a failed attempt.

use std::time::Duration;

use twofold_domain::delivery::DeliveryEvent;

use super::backoff::pause;
use super::carry::{Carrier, Next};
use super::past::Past;
use super::request::Request;
use super::route::{After, Circumstances, Ending, Provider, Route};
use crate::transport::SendError;
use crate::transport::line::one_line;

/// Longest cause in the ledger, in characters.
const CAUSE_MAX: usize = 200;

impl Carrier {
    /// Whether somebody is asked again, who and when.
    pub(super) fn judge(
        &self,
        request: &Request,
        past: &mut Past,
        error: &SendError,
        route: &Route,
        failed: &Provider,
        now: Circumstances<'_>,
    ) -> Next {
        let (attempt, provider) = (past.attempts, Some(failed.name.to_string()));
        let cause = one_line(&error.to_string(), CAUSE_MAX);
        past.tries.note(failed.mark, ending(error));
        let after = match error {
            // It may have been handed over: a second one would cost twice, and the user can ask for a new code.
            SendError::Unknown { .. } => After::Nobody,
            SendError::Temporary { .. } | SendError::Misconfigured { .. } | SendError::Permanent { .. } => {
                if error.may_go_elsewhere() { route.after(failed, &past.tries, now) } else { After::Nobody }
            }
        };
        if after == After::Nobody || attempt >= self.retry.max_attempts {
            return Next::Done(DeliveryEvent::Dead { attempt, cause, provider });
        }
        let pause =
            if after == After::AtOnce { Duration::ZERO } else { self.pause_after(request, past, error, failed) };
        Next::Again(DeliveryEvent::Retrying { attempt, cause, provider }, pause)
    }

    /// Longer with every failure of the same provider, and at least what it asks for.
    fn pause_after(&self, request: &Request, past: &Past, error: &SendError, failed: &Provider) -> Duration {
        let asked_for = match error {
            SendError::Temporary { retry_after, .. } => retry_after.unwrap_or_default(),
            SendError::Permanent { .. } | SendError::Unknown { .. } | SendError::Misconfigured { .. } => Duration::ZERO,
        };
        let life_ms = request.asked.expires_at.as_millis().saturating_sub(request.at.as_millis());
        let life = Duration::from_millis(u64::try_from(life_ms).unwrap_or(0));
        pause(self.retry, past.tries.times(failed.mark), life, &*self.rng).max(asked_for)
    }
}

fn ending(error: &SendError) -> Ending {
    match error {
        SendError::Temporary { .. } => Ending::Failed,
        SendError::Permanent { .. } | SendError::Misconfigured { .. } => Ending::Refused,
        SendError::Unknown { .. } => Ending::Unknown,
    }
}

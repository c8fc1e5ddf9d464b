//! One message from its request to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use twofold_crypto::Random;
use twofold_domain::Mode;
use twofold_domain::delivery::DeliveryEvent;
use twofold_engine::Engine;

use super::backoff::{pause, short_pause};
use super::config::Retry;
use super::examine::{NotNow, examine, last_call};
use super::ledger::Ledger;
use super::past::Past;
use super::request::Request;
use super::senders::{NoSender, Senders};
use super::status::DeliveryStatus;
use crate::transport::line::one_line;
use crate::transport::{Accepted, SendError};

/// Longest cause in the ledger, in characters.
const CAUSE_MAX: usize = 200;

/// How carrying ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The message's end is written down.
    Recorded,
    /// The process stops first; the message stays open. Its next attempt is due after a while.
    Left { due: Duration },
}

/// What carrying takes.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) engine: Arc<Engine>,
    pub(super) senders: Senders,
    pub(super) ledger: Ledger,
    pub(super) status: DeliveryStatus,
    pub(super) attempts: Semaphore,
    pub(super) retry: Retry,
    pub(super) rng: Arc<dyn Random>,
    /// No new attempt begins once this is cancelled.
    pub(super) stop: CancellationToken,
}

enum Next {
    /// Write this down; it was the last.
    Done(DeliveryEvent),
    /// Write this down and try again.
    Again(DeliveryEvent, Duration),
    /// Something of our own is away: no attempt was made.
    Wait(Duration),
    /// The process stops; the message stays open in the log.
    Stopping,
}

impl Carrier {
    /// Carries a message until its end is written down, or the process stops.
    pub(super) async fn carry(&self, request: &Request, mut past: Past) -> End {
        let mut waits = 0;
        loop {
            let pause = match self.turn(request, &mut past, &mut waits).await {
                Next::Done(event) => {
                    self.ledger.record(request, &event).await;
                    return End::Recorded;
                }
                Next::Again(event, pause) => {
                    self.ledger.record(request, &event).await;
                    pause
                }
                Next::Wait(pause) => pause,
                Next::Stopping => return End::Left { due: Duration::ZERO },
            };
            // Not beyond the last call: then its end is written down at once.
            let left_ms = last_call(&request.asked).as_millis().saturating_sub(self.engine.clock().now().as_millis());
            let due = Instant::now() + pause.min(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)));
            if self.stop.run_until_cancelled(sleep_until(due)).await.is_none() {
                return End::Left { due: due.saturating_duration_since(Instant::now()) };
            }
        }
    }

    async fn turn(&self, request: &Request, past: &mut Past, waits: &mut u32) -> Next {
        let asked = &request.asked;
        if asked.mode == Mode::Test {
            return Next::Done(DeliveryEvent::Captured);
        }
        let dead = |cause: &str| Next::Done(DeliveryEvent::Dead { attempt: past.attempts, cause: cause.to_owned() });
        if self.engine.clock().now() >= last_call(asked) {
            return Next::Done(DeliveryEvent::Expired { attempt: past.attempts });
        }
        // Unknown for a moment only: the directory follows the log as well, at its own pace.
        let Some(tenant) = self.engine.directory().tenant(&request.tenant) else {
            return self.wait(request, waits, "tenant unknown");
        };
        let sender = match self.senders.of(&self.engine, &tenant, asked.channel).await {
            Ok(sender) => sender,
            Err(NoSender::NotConfigured) => return dead("channel_not_configured"),
            Err(NoSender::Unusable) => return dead("channel_unusable"),
            Err(NoSender::Unavailable(error)) => return self.wait(request, waits, &error.to_string()),
        };
        // The channel's turn first: who waits for a slow provider must not keep others from theirs.
        let Some(_turn) = self.permit(&sender.turns).await else { return Next::Stopping };
        let Some(_attempt) = self.permit(&self.attempts).await else { return Next::Stopping };
        let out = match examine(&self.engine, request, &tenant, past.attempts).await {
            Ok(out) => out,
            Err(NotNow::Over(event)) => return Next::Done(event),
            Err(NotNow::Unavailable(error)) => return self.wait(request, waits, &error),
        };
        *waits = 0;
        past.attempts += 1;
        let flight = self.status.attempting();
        let result = Box::pin(sender.send(out)).await;
        drop(flight);
        self.judge(request, past, result)
    }

    fn judge(&self, request: &Request, past: &mut Past, result: Result<Accepted, SendError>) -> Next {
        let attempt = past.attempts;
        let error = match result {
            Ok(Accepted { provider_id }) => return Next::Done(DeliveryEvent::Accepted { attempt, provider_id }),
            Err(error) => error,
        };
        let cause = one_line(&error.to_string(), CAUSE_MAX);
        let asks_for = match error {
            SendError::Permanent { .. } | SendError::Misconfigured { .. } => None,
            SendError::Unknown { .. } if past.unconfirmed => None,
            SendError::Unknown { .. } => {
                past.unconfirmed = true;
                Some(Duration::ZERO)
            }
            SendError::Temporary { retry_after, .. } => Some(retry_after.unwrap_or_default()),
        };
        match asks_for {
            Some(asked_for) if attempt < self.retry.max_attempts => {
                let life_ms = request.asked.expires_at.as_millis().saturating_sub(request.at.as_millis());
                let life = Duration::from_millis(u64::try_from(life_ms).unwrap_or(0));
                let pause = pause(self.retry, attempt, life, &*self.rng).max(asked_for);
                Next::Again(DeliveryEvent::Retrying { attempt, cause }, pause)
            }
            Some(_) | None => Next::Done(DeliveryEvent::Dead { attempt, cause }),
        }
    }

    fn wait(&self, request: &Request, waits: &mut u32, why: &str) -> Next {
        *waits += 1;
        tracing::warn!(message = %request.asked.message, why, waits, "a message has to wait");
        Next::Wait(short_pause(*waits, &*self.rng))
    }

    async fn permit<'a>(&self, of: &'a Semaphore) -> Option<SemaphorePermit<'a>> {
        let permit = self.stop.run_until_cancelled(of.acquire()).await?.ok()?;
        // Stopping wins over a permit that came at the same moment.
        (!self.stop.is_cancelled()).then_some(permit)
    }
}

//! One attempt for a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use twofold_crypto::Random;
use twofold_domain::delivery::{DeliveryEvent, SuppressionCause};
use twofold_domain::{Channel, Mode};
use twofold_engine::{Engine, ListChange, RequestContext, TenantView};

use super::backoff::short_pause;
use super::config::Retry;
use super::examine::{NotNow, examine, last_call};
use super::ledger::Ledger;
use super::past::Past;
use super::request::Request;
use super::route::{Choice, Circumstances, Provider, Route, Slot};
use super::sender::Outgoing;
use super::senders::{NoSender, Senders};
use super::status::DeliveryStatus;
use crate::transport::{Accepted, SendError};

/// For a provider's turn a message waits where it is for so long, and then makes room for others.
const TURN_WAIT: Duration = Duration::from_millis(250);
/// Waits for a tenant's first channel, from 50 ms and doubled: at least 1.6 s in all.
const CHANNEL_WAITS: u32 = 6;
/// A hand-over that takes longer is noted: most are over by then, and a kill meets few of them.
const NOTED_AFTER: Duration = Duration::from_millis(20);
/// And with a provider that usually takes longer than that there is nothing to wait for.
const NOTED_SOON: Duration = Duration::from_millis(2);
/// What comes again later than it could is late by this much at most.
const SPREAD_MAX: Duration = Duration::from_secs(2);

/// What carrying takes.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) engine: Arc<Engine>,
    pub(super) senders: Senders,
    pub(super) ledger: Ledger,
    pub(super) status: DeliveryStatus,
    pub(super) retry: Retry,
    pub(super) rng: Arc<dyn Random>,
    /// Where callbacks of providers arrive, without a slash at the end.
    pub(super) public_url: Option<String>,
    /// No new attempt begins once this is cancelled.
    pub(super) stop: CancellationToken,
}

/// What comes after an attempt.
#[derive(Debug)]
pub(super) enum Next {
    /// Write this down; it was the last.
    Done(DeliveryEvent),
    /// Write this down and try again.
    Again(DeliveryEvent, Duration),
    /// No attempt was made: something of our own is away, or nobody may be asked now.
    Wait(Duration),
    /// The process stops; the message stays open in the log.
    Stopping,
}

/// What comes instead of an attempt.
type Instead = Box<Next>;

impl Carrier {
    /// Makes one attempt, the choice of a provider included; or says when, and what to write down.
    pub(super) async fn attempt(&self, request: &Request, past: &mut Past) -> Next {
        self.try_attempt(request, past).await.unwrap_or_else(|instead| *instead)
    }

    async fn try_attempt(&self, request: &Request, past: &mut Past) -> Result<Next, Instead> {
        let asked = &request.asked;
        if asked.mode == Mode::Test {
            return Err(Next::Done(DeliveryEvent::Captured).into());
        }
        if self.engine.clock().now() >= last_call(asked) {
            return Err(Next::Done(DeliveryEvent::Expired { attempt: past.attempts }).into());
        }
        // Unknown for a moment only: the directory follows the log as well, at its own pace.
        let Some(tenant) = self.engine.directory().tenant(&request.tenant) else {
            return Err(self.wait(request, past, "tenant unknown").into());
        };
        let route = self.route(request, &tenant, past).await?;
        let mut out = None;
        if route.is_by_country() {
            out = Some(self.examined(request, &tenant, past).await?);
        }
        let country = out.as_ref().and_then(Outgoing::country).map(str::to_owned);
        let now = Circumstances {
            country: country.as_deref(),
            steering: &tenant.state.steering,
            breakers: &self.senders.breakers,
        };
        let provider = self.chosen(&route, past, now)?;
        let (_turn, waited) = self.turn(provider).await?;
        let mut out = match out.filter(|_| !waited) {
            Some(out) => out,
            None => self.examined(request, &tenant, past).await?,
        };
        if asked.channel == Channel::Sms && tenant.state.steering.stopped_prefix(&out.to).is_some() {
            return Err(dead(past, "prefix_stopped").into());
        }
        // The key store and the provider's turn may have taken their time.
        if self.engine.clock().now() >= last_call(asked) {
            return Err(Next::Done(DeliveryEvent::Expired { attempt: past.attempts }).into());
        }
        let Some(leave) = now.breakers.enter(&provider.key) else {
            return Err(Next::Wait(self.spread(now.breakers.ready_in(&provider.key))).into());
        };
        out.status_callback = self.callback(request, provider);
        let region = out.region.clone();
        (past.waits, past.attempts) = (0, past.attempts + 1);
        let flight = self.status.attempting();
        let result = self.hand_over(request, provider, out, past.attempts).await;
        drop(flight);
        if result.as_ref().is_err_and(SendError::is_opt_out) {
            self.suppress(request).await;
        }
        leave.learned(result.as_ref().map_or_else(SendError::provider_is_well, |_| Some(true)));
        Ok(match result {
            Ok(accepted) => Next::Done(DeliveryEvent::Accepted {
                attempt: past.attempts,
                provider_id: accepted.provider_id,
                provider: Some(provider.name.to_string()),
                region,
            }),
            Err(error) => self.judge(request, past, &error, &route, provider, now),
        })
    }

    /// One attempt. A provider that has the message in hand and takes its time is noted before it answers: if this process
    /// is stopped meanwhile, nobody sends the message once more (decision 0016). Quick ones cost no entry more.
    async fn hand_over(
        &self,
        request: &Request,
        provider: &Provider,
        out: Outgoing,
        attempt: u32,
    ) -> Result<Accepted, SendError> {
        let (begun, from) = (AtomicBool::new(false), Instant::now());
        let mut patience = if provider.usual() > NOTED_AFTER { NOTED_SOON } else { NOTED_AFTER };
        let mut sending = Box::pin(provider.sender.send(out, &begun));
        let result = loop {
            if let Ok(result) = tokio::time::timeout(patience, &mut sending).await {
                break result;
            }
            if begun.load(Ordering::Relaxed) {
                let note = DeliveryEvent::HandingOver { attempt, provider: Some(provider.name.to_string()) };
                break tokio::join!(self.ledger.record(request, &note), sending).1;
            }
            patience = (2 * patience).min(NOTED_AFTER);
        };
        provider.took(from.elapsed());
        result
    }

    /// Puts a destination on the tenant's list. When that fails the next message shows the same again.
    async fn suppress(&self, request: &Request) {
        let asked = &request.asked;
        let (channel, message) = (asked.channel, Some(asked.message.clone()));
        let change = ListChange::Suppress { channel, cause: SuppressionCause::OptedOut, message };
        let (destination, context) = (&asked.destination.fingerprint, RequestContext::system());
        let done = self.engine.change_suppression(&request.tenant, destination, &change, None, &context).await;
        if let Err(error) = done {
            tracing::warn!(message = %asked.message, %error, "who opted out cannot be put on the list yet");
        }
    }

    async fn route(&self, request: &Request, tenant: &TenantView, past: &mut Past) -> Result<Arc<Route>, Instead> {
        self.senders.of(&self.engine, tenant, request.asked.channel).await.map_err(|error| match error {
            // Set a moment ago, perhaps: changes reach every process within a second, and a first code may be faster.
            NoSender::NotConfigured if past.waits < CHANNEL_WAITS => self.wait(request, past, "no channel yet").into(),
            NoSender::NotConfigured => dead(past, "channel_not_configured").into(),
            NoSender::Unusable => dead(past, "channel_unusable").into(),
            NoSender::Unavailable(error) => self.wait(request, past, &error.to_string()).into(),
        })
    }

    async fn examined(&self, request: &Request, tenant: &TenantView, past: &mut Past) -> Result<Outgoing, Instead> {
        examine(&self.engine, request, tenant, past.attempts).await.map_err(|error| match error {
            NotNow::Over(event) => Next::Done(event).into(),
            NotNow::Unavailable(error) => self.wait(request, past, &error).into(),
        })
    }

    fn chosen<'a>(&self, route: &'a Route, past: &mut Past, now: Circumstances<'_>) -> Result<&'a Provider, Instead> {
        match route.choose(&mut past.tries, now) {
            Choice::Ask(provider) => Ok(provider),
            Choice::Later(pause) => Err(Next::Wait(self.spread(pause)).into()),
            Choice::Paused => {
                past.waits += 1;
                Err(Next::Wait(short_pause(past.waits, &*self.rng)).into())
            }
            Choice::Nobody(cause) => Err(dead(past, cause).into()),
        }
    }

    /// A provider's turn, its place in the second included, and whether it took time: then the message may be pointless
    /// by now.
    async fn turn<'a>(&self, provider: &'a Provider) -> Result<(SemaphorePermit<'a>, bool), Instead> {
        let (turn, mut waited) = if let Ok(turn) = provider.turns.try_acquire() {
            (turn, false)
        } else {
            let wait = tokio::time::timeout(TURN_WAIT, provider.turns.acquire());
            match self.stop.run_until_cancelled(wait).await {
                Some(Ok(Ok(turn))) => (turn, true),
                Some(Ok(Err(_)) | Err(_)) => return Err(Next::Wait(self.spread(TURN_WAIT)).into()),
                None => return Err(Next::Stopping.into()),
            }
        };
        match provider.slot() {
            None => {}
            Some(Slot::Taken(wait)) => {
                waited |= !wait.is_zero();
                self.stop.run_until_cancelled(tokio::time::sleep(wait)).await.ok_or(Next::Stopping)?;
            }
            Some(Slot::Later(pause)) => return Err(Next::Wait(self.spread(pause)).into()),
        }
        // Stopping wins over a turn that came at the same moment.
        if self.stop.is_cancelled() { Err(Next::Stopping.into()) } else { Ok((turn, waited)) }
    }

    /// Where a provider may report what became of a text message.
    fn callback(&self, request: &Request, provider: &Provider) -> Option<String> {
        let base = self.public_url.as_ref().filter(|_| request.asked.channel == Channel::Sms)?;
        Some(format!("{base}/v1/callbacks/twilio/{}/{}/{}", request.tenant, provider.name, request.asked.message))
    }

    fn wait(&self, request: &Request, past: &mut Past, why: &str) -> Next {
        past.waits += 1;
        let waits = past.waits;
        tracing::warn!(message = %request.asked.message, why, waits, "a message has to wait");
        Next::Wait(short_pause(waits, &*self.rng))
    }

    /// A pause and up to half of it more, at most two seconds, so that what waits for the same does not come back together.
    fn spread(&self, pause: Duration) -> Duration {
        let mut drawn = [0_u8; 2];
        self.rng.fill(&mut drawn);
        let more = (pause / 2).min(SPREAD_MAX);
        pause + more.mul_f64(f64::from(u16::from_be_bytes(drawn)) / f64::from(u16::MAX))
    }
}

/// The end of a message for which nobody was asked.
fn dead(past: &Past, cause: &str) -> Next {
    Next::Done(DeliveryEvent::Dead { attempt: past.attempts, cause: cause.to_owned(), provider: None })
}

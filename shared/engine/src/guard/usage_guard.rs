//! The guard over a store of usage, the log and the tenant's own rules.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use twofold_crypto::Keyring;
use twofold_domain::delivery::SuppressionEvent;
use twofold_domain::sending::{
    Limit, OperatorLimits, Outgoing, WithheldReason, after_counting, before_counting, limits_of,
};
use twofold_domain::user::MessageKind;
use twofold_domain::{Channel, Mode, PhoneNumber};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{BoxFuture, Counter, EventLog, Subject, UsageError, UsageStore};

use super::counters::counters_of;
use super::counts::{GuardCounts, Tally};
use super::outage::Outage;
use super::{DeliveryGuard, Sending, withheld, withheld_for_good};
use crate::error::EngineError;

/// How long a login waits for the store of usage.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the guard works on.
#[derive(Debug, Clone)]
pub struct GuardParts {
    /// The log: it has the list of suppressed destinations.
    pub log: Arc<dyn EventLog>,
    /// Where messages are counted.
    pub usage: Arc<dyn UsageStore>,
    /// Keys derived from the master key.
    pub keyring: Arc<Keyring>,
    /// The operator's own limits.
    pub operator: OperatorLimits,
}

/// The guard that every process which asks for messages must have.
///
/// In this order, so that what is refused for good is told first and nothing refused is counted: suppressed destinations,
/// countries and stopped prefixes, then limits and budgets. Messages for the test inbox cost nothing and reach nobody; they
/// pass.
///
/// **When the store of usage does not answer**, e-mail goes out uncounted: a mail costs next to nothing, and a login that
/// fails for want of a counter costs the user his work. Text messages go out uncounted for five seconds, which is longer
/// than the election of a leader takes, and are then refused as unavailable: they cost money, and an attacker who knew how
/// to stop the counting could spend any amount of it. The log itself has no such grace: without it there is nothing to
/// append to either (invariant 6).
#[derive(Debug)]
pub struct UsageGuard {
    parts: GuardParts,
    outage: Outage,
    tally: Tally,
}

impl UsageGuard {
    /// A guard. Cheap; asks nobody yet.
    pub fn new(parts: GuardParts) -> Self {
        Self { parts, outage: Outage::default(), tally: Tally::default() }
    }

    /// What it did so far.
    pub fn counts(&self) -> GuardCounts {
        self.tally.now()
    }

    async fn look(&self, sending: &Sending<'_>) -> Result<(), EngineError> {
        self.not_suppressed(sending).await?;
        let prefix = match sending.channel {
            Channel::Email => None,
            Channel::Sms => Some(allowed_prefix(sending)?),
        };
        let outgoing = Outgoing {
            channel: sending.channel,
            is_code: matches!(sending.kind, MessageKind::Code { .. }),
            has_prefix: prefix.is_some(),
        };
        let limits = limits_of(outgoing, &sending.settings.delivery, &self.parts.operator, sending.now);
        if limits.is_empty() {
            return Ok(());
        }
        if !self.outage.asks(sending.now) {
            return self.uncounted(sending);
        }
        let counters = counters_of(&self.parts.keyring, sending, prefix.as_deref(), &limits);
        let counters = counters.map_err(|error| EngineError::Integrity(error.to_string()))?;
        let counted = timeout(PATIENCE, self.count(sending, &limits, &counters)).await;
        let failed = match counted {
            Ok(Ok(outcome)) => {
                self.outage.is_over();
                return outcome;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.outage.goes_on(sending.now, &failed);
        self.uncounted(sending)
    }

    /// Read from the log each time, so that a destination that was released is reached at once, and one that was
    /// suppressed never again. A broken entry is no reason to send.
    async fn not_suppressed(&self, sending: &Sending<'_>) -> Result<(), EngineError> {
        let subject = Subject::suppression(&sending.tenant.id, sending.fingerprint);
        let Some(last) = self.parts.log.last_of_subject(&subject).await? else { return Ok(()) };
        let decoded = wire::decode(&subject, &last.payload).map_err(|e| EngineError::Integrity(e.to_string()))?;
        match decoded.events.last() {
            Some(Event::Suppression(SuppressionEvent::Suppressed { .. })) => {
                Err(withheld_for_good(WithheldReason::DestinationSuppressed))
            }
            Some(
                Event::Suppression(SuppressionEvent::Released)
                | Event::User(_)
                | Event::Tenant(_)
                | Event::Account(_)
                | Event::Delivery(_),
            )
            | None => Ok(()),
        }
    }

    async fn count(
        &self,
        sending: &Sending<'_>,
        limits: &[Limit],
        counters: &[Counter],
    ) -> Result<Result<(), EngineError>, UsageError> {
        let before = self.parts.usage.read(counters).await?;
        if let Some(found) = before_counting(limits, &before) {
            return Ok(Err(withheld(found, sending.now)));
        }
        let after = self.parts.usage.add(counters, 1).await?;
        let verdict = after_counting(limits, &after);
        for warning in &verdict.warnings {
            let (tenant, channel, window) = (&sending.tenant.id, sending.channel.name(), warning.window.token());
            tracing::warn!(%tenant, channel, window, budget = warning.max, "a budget is nearly used up");
            self.tally.budget_warning(sending.channel);
        }
        Ok(verdict.withheld.map_or(Ok(()), |found| Err(withheld(found, sending.now))))
    }

    fn uncounted(&self, sending: &Sending<'_>) -> Result<(), EngineError> {
        if sending.channel == Channel::Sms && self.outage.is_long(sending.now) {
            self.tally.unknown();
            return Err(EngineError::Unavailable("text messages cannot be counted".to_owned()));
        }
        self.tally.uncounted();
        Ok(())
    }
}

/// How the number begins, if the tenant sends there (C12). Asked again at every message: the rules may have become
/// narrower since the number was registered.
fn allowed_prefix(sending: &Sending<'_>) -> Result<String, EngineError> {
    let refused = |_| withheld_for_good(WithheldReason::CountryNotAllowed);
    let number = PhoneNumber::parse(sending.destination, None).map_err(refused)?;
    number.allowed_by(&sending.settings.sms).map_err(refused)?;
    if sending.tenant.state.steering.stopped_prefix(number.e164()).is_some() {
        return Err(withheld_for_good(WithheldReason::PrefixStopped));
    }
    Ok(number.region().prefix)
}

impl DeliveryGuard for UsageGuard {
    fn admit<'a>(&'a self, sending: &'a Sending<'a>) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            if sending.mode == Mode::Test {
                return Ok(());
            }
            let outcome = self.look(sending).await;
            if let Err(EngineError::Withheld { reason, .. }) = &outcome {
                let (tenant, channel) = (&sending.tenant.id, sending.channel.name());
                tracing::info!(%tenant, channel, reason = reason.name(), "a message is held back");
                self.tally.withheld(*reason);
            }
            outcome
        })
    }
}

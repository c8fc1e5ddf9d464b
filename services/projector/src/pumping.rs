//! The alarm for SMS pumping, run where the whole log is read anyway.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use twofold_domain::sending::{Alarm, Conversion, Threshold, WINDOW_SECS};
use twofold_domain::tenant::TenantEvent;
use twofold_domain::{MessageId, TenantId, Timestamp};
use twofold_engine::{Clock, Engine, EngineError, RequestContext};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{BoxFuture, Category, Stored};

use crate::PageObserver;

/// How often it is judged. With [`twofold_domain::sending::PATIENCE_SECS`] and the projector's own delay well within the
/// minute in which an attack is to be stopped.
const EVERY: Duration = Duration::from_secs(5);
/// What a user's commit must hold to be of interest: codes by SMS name their method. Saves reading all the others.
const SMS: &[u8] = b"\"sms\"";

/// Who can stop numbers.
pub trait Brake: Send + Sync + Debug {
    /// When a tenant's codes count as being pumped; none: there is no such tenant.
    fn threshold(&self, tenant: &TenantId) -> Option<Threshold>;

    /// Whether it is done already.
    fn is_stopped(&self, tenant: &TenantId, prefix: &str) -> bool;

    /// Sends no text message there any more, until somebody releases it.
    ///
    /// # Errors
    /// [`EngineError`]
    fn stop<'a>(
        &'a self,
        tenant: &'a TenantId,
        prefix: &'a str,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), EngineError>>;
}

impl Brake for Engine {
    fn threshold(&self, tenant: &TenantId) -> Option<Threshold> {
        let view = self.directory().tenant(tenant)?;
        let delivery = &view.settings().delivery;
        Some(Threshold { floor_percent: delivery.conversion_floor_percent, min_sent: delivery.conversion_min_sent })
    }

    fn is_stopped(&self, tenant: &TenantId, prefix: &str) -> bool {
        self.directory().tenant(tenant).is_some_and(|view| view.state.steering.stopped_prefix(prefix).is_some())
    }

    fn stop<'a>(
        &'a self,
        tenant: &'a TenantId,
        prefix: &'a str,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move { self.stop_prefix(tenant, prefix, reason, &RequestContext::system()).await.map(drop) })
    }
}

/// Folds what the projector sees and stops numbers whose codes nobody uses. Two of them at once would do no harm: what is
/// stopped already stays as it is.
#[derive(Debug)]
pub struct PumpingWatch {
    conversion: Mutex<Conversion>,
    brake: Arc<dyn Brake>,
    clock: Arc<dyn Clock>,
    stopped: AtomicU64,
}

impl PumpingWatch {
    /// A watch that has seen nothing yet.
    pub fn new(brake: Arc<dyn Brake>, clock: Arc<dyn Clock>) -> Self {
        Self { conversion: Mutex::default(), brake, clock, stopped: AtomicU64::new(0) }
    }

    /// How often it stopped something, since the start of the process.
    pub fn stopped(&self) -> u64 {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Judges every few seconds until `shutdown`. What it sees comes from the projector: see [`PageObserver`].
    pub async fn run(&self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(EVERY) => self.judge().await,
            }
        }
    }

    /// Stops what is being abused now. What cannot be stopped is tried again the next time.
    pub async fn judge(&self) {
        let alarms = self.conversion.lock().alarms(self.clock.now(), |tenant| self.brake.threshold(tenant));
        for alarm in alarms {
            let Alarm { tenant, prefix, sent, used } = &alarm;
            if self.brake.is_stopped(tenant, prefix) {
                continue;
            }
            let minutes = WINDOW_SECS / 60;
            let reason = format!("sms_pumping: {used} of {sent} codes used within {minutes} minutes");
            match self.brake.stop(tenant, prefix, &reason).await {
                Ok(()) => {
                    self.stopped.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%tenant, prefix, sent, used, "codes are not used: the prefix is stopped");
                }
                Err(error) => tracing::error!(%tenant, prefix, %error, "codes are not used, and nothing is stopped"),
            }
        }
    }

    /// Folds a commit that was made lately. One that cannot be read is the projector's business.
    fn fold(&self, stored: &Stored, not_before: Timestamp) {
        let Some(tenant) = stored.subject.tenant_id().filter(|_| is_of_interest(stored)) else { return };
        let Ok(decoded) = wire::decode(&stored.subject, &stored.payload) else { return };
        let at = decoded.meta.at;
        if at < not_before {
            return;
        }
        let mut conversion = self.conversion.lock();
        for event in &decoded.events {
            match event {
                Event::User(event) => conversion.user(event, at),
                Event::Delivery(event) => {
                    if let Ok(message) = MessageId::parse(stored.subject.last_token()) {
                        conversion.ledger(&tenant, &message, event, at);
                    }
                }
                Event::Tenant(event) => {
                    if let TenantEvent::PrefixReleased { prefix } = event {
                        conversion.released(&tenant, prefix);
                    }
                }
                Event::Account(_) | Event::Suppression(_) => {}
            }
        }
    }
}

fn is_of_interest(stored: &Stored) -> bool {
    match stored.subject.category() {
        Category::User => stored.payload.windows(SMS.len()).any(|window| window == SMS),
        Category::Ledger | Category::Config => true,
        Category::Delivery | Category::Suppression => false,
    }
}

impl PageObserver for PumpingWatch {
    fn seen(&self, page: &[Stored]) {
        let now = self.clock.now();
        let not_before = Timestamp(now.0.saturating_sub(Timestamp(0).plus_secs(WINDOW_SECS).0));
        for stored in page {
            self.fold(stored, not_before);
        }
    }
}

//! The alarm for SMS pumping on a real projector: numbers are stopped by way of the log it reads.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::{DeliveryEvent, SmsRegion};
use twofold_domain::sending::Threshold;
use twofold_domain::tenant::TenantEvent;
use twofold_domain::user::{Proof, Purpose, Target, UserEvent};
use twofold_domain::{CommitId, MessageId, Method, TenantId, Timestamp};
use twofold_engine::{Clock as _, EngineError, ManualClock};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, BoxFuture, EventLog as _, Expected, NewCommit, Seq, Subject};
use twofold_projector::{Brake, Projector, ProjectorOptions, PumpingWatch};

use crate::support::{Fixture, reached, tenant, token};

const START: Timestamp = Timestamp(1_795_290_000_000);

/// Stops nothing but remembers what it was told.
#[derive(Debug, Default)]
struct Told {
    stops: Mutex<Vec<(String, String)>>,
    failing: Mutex<bool>,
}

impl Brake for Told {
    fn threshold(&self, _tenant: &TenantId) -> Option<Threshold> {
        Some(Threshold { floor_percent: 25, min_sent: 30 })
    }

    fn is_stopped(&self, _tenant: &TenantId, prefix: &str) -> bool {
        self.stops.lock().iter().any(|(stopped, _)| stopped == prefix)
    }

    fn stop<'a>(
        &'a self,
        _tenant: &'a TenantId,
        prefix: &'a str,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            if *self.failing.lock() {
                return Err(EngineError::Overloaded);
            }
            self.stops.lock().push((prefix.to_owned(), reason.to_owned()));
            Ok(())
        })
    }
}

struct Site {
    fixture: Fixture,
    told: Arc<Told>,
    clock: Arc<ManualClock>,
    watch: Arc<PumpingWatch>,
    projector: Projector,
    commits: Mutex<u128>,
}

impl Site {
    async fn new() -> Self {
        let (told, clock) = (Arc::new(Told::default()), Arc::new(ManualClock::at(START)));
        let watch = Arc::new(PumpingWatch::new(told.clone(), clock.clone()));
        let options = ProjectorOptions { gather: Duration::from_millis(1), ..ProjectorOptions::default() };
        let projector = Projector::new(options).observed_by(watch.clone());
        Self { fixture: Fixture::new().await, told, clock, watch, projector, commits: Mutex::new(1 << 64) }
    }

    async fn append(&self, subject: Subject, encode: impl FnOnce(&Meta) -> Vec<u8>) -> Seq {
        let at = self.clock.now();
        let meta = Meta { at, actor: ActorKind::System, actor_token: None, request_id: None, private: None };
        let id = {
            let mut commits = self.commits.lock();
            *commits += 1;
            CommitId::from_bytes(commits.to_be_bytes())
        };
        let payload = wire::with_mac(encode(&meta), &[0; 32]);
        let last = self.fixture.log.last_of_subject(&subject).await.expect("readable");
        let expected = Some(last.map_or(Expected::NoStream, |last| Expected::Exact(last.seq)));
        let commit = NewCommit { subject, expected, id, payload };
        self.fixture.log.append(Append::one(commit)).await.expect("appended").seqs[0]
    }

    async fn accepted(&self, n: u32, prefix: &str) -> Seq {
        let region = Some(SmsRegion { country: "UZ".to_owned(), prefix: prefix.to_owned() });
        let event = DeliveryEvent::Accepted { attempt: 1, provider_id: None, provider: None, region };
        self.append(Subject::ledger(&tenant(), &message(n)), |meta| wire::encode_delivery(meta, &[event])).await
    }

    async fn used(&self, n: u32) -> Seq {
        let proof = Proof::Code { method: Method::Sms, message: message(n) };
        let event = UserEvent::VerificationSucceeded { purpose: Purpose::Login, target: Target::Direct, proof };
        self.append(Subject::user(0, &tenant(), &token(1)), |meta| wire::encode_user(meta, &[event])).await
    }

    /// Projects while the work is done.
    async fn while_projecting(&self, work: impl Future<Output = ()>) {
        let shutdown = CancellationToken::new();
        let log = Arc::new(self.fixture.log.clone());
        let run = self.projector.run(log, self.fixture.store.clone(), shutdown.clone());
        let work = async {
            work.await;
            shutdown.cancel();
        };
        let (stopped, ()) = tokio::join!(run, work);
        assert_eq!(stopped, Ok(()));
    }

    async fn projected(&self, position: Seq) {
        // The status is told after the observer.
        reached(&mut self.projector.status(), |status| status.position >= position).await;
    }

    fn stops(&self) -> Vec<String> {
        self.told.stops.lock().iter().map(|(prefix, _)| prefix.clone()).collect()
    }
}

fn message(n: u32) -> MessageId {
    MessageId::from_bytes(u128::from(n).to_be_bytes())
}

#[tokio::test]
async fn a_prefix_whose_codes_nobody_uses_is_stopped_within_a_minute_and_one_in_use_is_not() {
    let site = Site::new().await;
    site.while_projecting(async {
        let mut last = Seq::ZERO;
        for n in 0..40 {
            site.accepted(n, "+99890").await;
            site.accepted(1000 + n, "+49151").await;
            last = if n % 2 == 0 { site.used(1000 + n).await } else { last };
        }
        last = site.accepted(5000, "+1").await.max(last);
        site.projected(last).await;
        site.watch.judge().await;
        assert_eq!(site.stops(), Vec::<String>::new(), "they may still be typed in");
        site.clock.advance_secs(31);
        site.watch.judge().await;
        site.watch.judge().await;
    })
    .await;
    let reason = "sms_pumping: 0 of 40 codes used within 15 minutes".to_owned();
    assert_eq!(*site.told.stops.lock(), [("+99890".to_owned(), reason)]);
    assert_eq!(site.watch.stopped(), 1);
}

#[tokio::test]
async fn what_cannot_be_stopped_is_tried_again_and_a_release_begins_anew() {
    let site = Site::new().await;
    site.while_projecting(async {
        let mut last = Seq::ZERO;
        for n in 0..40 {
            last = site.accepted(n, "+99890").await;
        }
        site.projected(last).await;
        site.clock.advance_secs(31);
        *site.told.failing.lock() = true;
        site.watch.judge().await;
        assert_eq!((site.stops(), site.watch.stopped()), (vec![], 0));
        *site.told.failing.lock() = false;
        site.watch.judge().await;
        assert_eq!(site.stops(), ["+99890"]);

        let released = TenantEvent::PrefixReleased { prefix: "+99890".to_owned() };
        let position = site.append(Subject::tenant(&tenant()), |meta| wire::encode_tenant(meta, &[released])).await;
        site.projected(position).await;
        site.told.stops.lock().clear();
        site.watch.judge().await;
        assert_eq!(site.stops(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_is_folded_again_for_a_rebuild_raises_no_alarm() {
    let site = Site::new().await;
    for n in 0..100 {
        site.accepted(n, "+99890").await;
    }
    site.clock.advance_secs(3600);
    let last = site.used(1).await;
    site.while_projecting(async {
        site.projected(last).await;
        site.watch.judge().await;
    })
    .await;
    assert_eq!(site.stops(), Vec::<String>::new());
}

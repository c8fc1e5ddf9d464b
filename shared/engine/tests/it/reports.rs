//! A report writes two commits, the message's end and the suppression. Whoever is killed over it, and whatever is lost:
//! both are there or neither, and the repetition every provider makes finishes the work.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::poll;
use twofold_crypto::{OsRandom, Random as _};
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SuppressionCause, SuppressionEvent};
use twofold_domain::user::{Destination, MessageKind, Purpose};
use twofold_domain::{Channel, CodeNonce, CommitId, KeyedHash, MessageId, Mode, Sealed, TenantId, UserToken};
use twofold_engine::{Chain, DeliveryReport, Engine, EngineError, Reported, ReportedBy};
use twofold_event_log::wire::{self, Event, Meta};
use twofold_event_log::{
    Append, EventLog, Expected, MemoryLog, MemorySnapshots, NewCommit, Seq, SqliteLog, SqliteLogOptions, Subject,
};
use twofold_jetstream::{Broker, BrokerOptions, InitOptions, JetStreamLog, JetStreamLogOptions, init};
use twofold_test_support::{Fault, FaultProxy, NatsOptions, NatsServer};

use crate::split_log::SplitLog;
use crate::support::{START, World};

struct Scene {
    world: World,
    tenant: TenantId,
    log: Arc<dyn EventLog>,
}

/// What the log holds of one message beyond its request.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct There {
    ends: usize,
    suppressions: usize,
}

const NEITHER: There = There { ends: 0, suppressions: 0 };
const BOTH: There = There { ends: 1, suppressions: 1 };

impl Scene {
    fn on(log: Arc<dyn EventLog>) -> Self {
        Self { world: World::new(), tenant: TenantId::from_bytes([7; 16]), log }
    }

    fn engine(&self, log: Arc<dyn EventLog>) -> Arc<Engine> {
        self.world.silent_node(log, Arc::new(MemorySnapshots::new()))
    }

    async fn append(&self, subject: Subject, expected: Option<Expected>, event: DeliveryEvent) {
        let meta = Meta { at: START, actor: ActorKind::System, actor_token: None, request_id: None, private: None };
        let id = CommitId::from_bytes(OsRandom.bytes16());
        let body = wire::encode_delivery(&meta, &[event]);
        let (payload, _) = Chain::start().seal(&self.world.keyring, &subject, &id, body);
        self.log.append(Append::one(NewCommit { subject, expected, id, payload })).await.expect("appended");
    }

    /// A message that a provider took, to a destination of its own; and where the log ended then.
    async fn message(&self) -> (MessageId, Seq) {
        let bytes = OsRandom.bytes16();
        let message = MessageId::from_bytes(bytes);
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(&bytes);
        let reference = "any".to_owned();
        let asked = DeliveryRequested {
            message: message.clone(),
            user: UserToken::from_bytes([1; 16]),
            mode: Mode::Live,
            channel: Channel::Sms,
            destination: Destination { sealed: Sealed::new(vec![0; 40]), fingerprint: KeyedHash::new(hash) },
            kind: MessageKind::Code { purpose: Purpose::Login, reference, nonce: CodeNonce([2; 16]), digits: 6 },
            locale: None,
            expires_at: START.plus_secs(300),
        };
        let subject = Subject::delivery(Channel::Sms, &self.tenant, &message);
        self.append(subject, Some(Expected::NoStream), DeliveryEvent::Requested(asked)).await;
        let (provider_id, provider) = (Some("SM1".to_owned()), Some("main".to_owned()));
        let taken = DeliveryEvent::Accepted { attempt: 1, provider_id, provider, region: None };
        self.append(Subject::ledger(&self.tenant, &message), None, taken).await;
        let head = self.log.head().await.expect("the log");
        (message, head)
    }

    async fn report(&self, engine: &Engine, message: &MessageId) -> Result<Option<Seq>, EngineError> {
        let by = ReportedBy::Provider { name: "main", id: Some("SM1") };
        let what = Reported::Bounced { cause: "undelivered (30005)".to_owned(), permanent: true };
        let suppress = Some(SuppressionCause::Bounced);
        let report = DeliveryReport { channel: Channel::Sms, message, by, what, suppress };
        engine.report_delivery(&self.tenant, &report).await
    }

    /// What came after a position, in one read.
    async fn since(&self, position: Seq) -> There {
        let mut there = NEITHER;
        for stored in self.log.read_all(position, 100).await.expect("the log") {
            for event in wire::decode(&stored.subject, &stored.payload).expect("ours").events {
                let is_end = matches!(event, Event::Delivery(DeliveryEvent::Bounced { .. }));
                let is_suppression = matches!(event, Event::Suppression(SuppressionEvent::Suppressed { .. }));
                assert!(is_end || is_suppression, "{event:?}");
                there.ends += usize::from(is_end);
                there.suppressions += usize::from(is_suppression);
            }
        }
        there
    }

    /// Both or neither; and both, once, after the provider has come again.
    async fn is_whole(&self, message: &MessageId, before: Seq, what: &str) {
        let there = self.since(before).await;
        assert!(there == NEITHER || there == BOTH, "{what}: {there:?}");
        let engine = self.engine(Arc::clone(&self.log));
        let again = self.report(&engine, message).await.expect("the log is well");
        assert!(there == NEITHER || again.is_none(), "{what}: written twice");
        assert_eq!(self.report(&engine, message).await.expect("well"), None, "{what}");
        assert_eq!(self.since(before).await, BOTH, "{what}");
    }
}

async fn sqlite(folder: &Path) -> Arc<SqliteLog> {
    Arc::new(SqliteLog::open(SqliteLogOptions::new(folder.join("log.db"))).await.expect("opened"))
}

#[tokio::test]
async fn a_report_that_is_cut_off_at_any_point_leaves_both_commits_or_neither_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path()).await;
    let scene = Scene::on(log.clone());
    let engine = scene.engine(log);
    let mut finished = 0;
    for polls in 0..60 {
        let (message, before) = scene.message().await;
        {
            let mut report = Box::pin(scene.report(&engine, &message));
            for _ in 0..polls {
                if poll!(report.as_mut()).is_ready() {
                    finished += 1;
                    break;
                }
                tokio::task::yield_now().await;
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        scene.is_whole(&message, before, &format!("after {polls} polls")).await;
    }
    assert!(finished < 60, "some were cut off");
}

#[tokio::test]
async fn a_lost_acknowledgement_of_a_report_leaves_both_commits() {
    let log = Arc::new(MemoryLog::new());
    let scene = Scene::on(log.clone());
    let engine = scene.engine(log.clone());
    for (fault, there) in [(twofold_event_log::Fault::AckLost, BOTH), (twofold_event_log::Fault::Unavailable, NEITHER)]
    {
        let (message, before) = scene.message().await;
        log.fail_next_append(fault);
        let answer = scene.report(&engine, &message).await;
        assert!(matches!(answer, Err(EngineError::Unavailable(_))), "{answer:?}");
        assert_eq!(scene.since(before).await, there);
        scene.is_whole(&message, before, "in memory").await;
    }
}

/// A server, and a log of it whose appends go through a proxy and have little patience.
async fn jetstream() -> (NatsServer, FaultProxy, Scene, Arc<Engine>) {
    let server = NatsServer::start(&NatsOptions::default()).expect("the server starts");
    let connect = async |url: String| {
        let options = BrokerOptions { servers: vec![url], ..BrokerOptions::local("") };
        Broker::connect(&options).await.expect("the broker is there")
    };
    let broker = connect(server.url()).await;
    let options =
        InitOptions { replicas: 1, partitions: 64, max_bytes: None, master_fingerprint: "0123abcd".to_owned() };
    init(&broker, &options).await.expect("everything is made");
    let direct = Arc::new(JetStreamLog::open(&broker, JetStreamLogOptions::default()).await.expect("opened"));
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()).into()).await.expect("the proxy starts");
    let hasty = JetStreamLogOptions { deadline: Duration::from_millis(500), ..JetStreamLogOptions::default() };
    let appends = JetStreamLog::open(&connect(proxy.url("nats")).await, hasty).await.expect("opened");
    let scene = Scene::on(direct.clone());
    let engine = scene.engine(Arc::new(SplitLog { reads: direct, appends: Arc::new(appends) }));
    (server, proxy, scene, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_whose_answer_or_request_is_lost_leaves_both_commits_or_neither_on_jetstream() {
    let (_server, proxy, scene, engine) = jetstream().await;
    for (fault, wanted) in [(Fault::DropDown, BOTH), (Fault::DropUp, NEITHER)] {
        let (message, before) = scene.message().await;
        proxy.set(fault);
        let answer = scene.report(&engine, &message).await;
        assert!(matches!(answer, Err(EngineError::Unavailable(_))), "{fault:?} {answer:?}");
        assert_eq!(scene.since(before).await, wanted, "{fault:?}");
        scene.is_whole(&message, before, &format!("{fault:?}")).await;
        proxy.set(Fault::None);
        // Whoever lost the connection has it again when the next message is reported.
        let (message, before) = scene.message().await;
        while scene.report(&engine, &message).await.is_err() {}
        scene.is_whole(&message, before, "afterwards").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_over_a_report_has_both_commits_or_neither_when_it_is_back() {
    let (mut server, _proxy, scene, engine) = jetstream().await;
    for round in 0..6 {
        let (message, before) = scene.message().await;
        {
            let mut report = Box::pin(scene.report(&engine, &message));
            // A different moment every time.
            for _ in 0..=round * 3 {
                if poll!(report.as_mut()).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            server.kill();
        }
        server.restart().expect("restarted");
        while scene.log.head().await.is_err() {}
        scene.is_whole(&message, before, &format!("round {round}")).await;
    }
}

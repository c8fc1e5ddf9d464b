//! The adapters themselves, each role with its own user.

use std::time::Duration;

use twofold_crypto::{KeyStore as _, Lookup};
use twofold_domain::{Channel, CommitId, MessageId, TenantId, UserToken};
use twofold_event_log::{
    Append, AppendError, Category, Counter, EventLog as _, Expected, NewCommit, Seq, Snapshot, SnapshotStore as _,
    Subject, UsageStore as _, Window, WorkQueue as _,
};
use twofold_jetstream::{
    Broker, JetStreamKeyStore, JetStreamLog, JetStreamLogOptions, JetStreamQueue, JetStreamSnapshots, JetStreamUsage,
};

use crate::house::House;

fn tenant() -> TenantId {
    TenantId::from_bytes([1; 16])
}

fn commit(subject: Subject, n: u8) -> NewCommit {
    NewCommit {
        id: CommitId::from_bytes([n; 16]),
        subject,
        expected: Some(Expected::NoStream),
        payload: vec![n].into(),
    }
}

fn user() -> Subject {
    Subject::user(1, &tenant(), &UserToken::from_bytes([2; 16]))
}

fn message() -> MessageId {
    MessageId::from_bytes([3; 16])
}

async fn log(broker: &Broker) -> JetStreamLog {
    JetStreamLog::open(broker, JetStreamLogOptions::default()).await.expect("opened")
}

/// A refusal is a silence, and what is repeated after it is refused again.
async fn impatient_log(broker: &Broker) -> JetStreamLog {
    let options = JetStreamLogOptions {
        publish_timeout: Duration::from_millis(200),
        deadline: Duration::from_millis(500),
        ..JetStreamLogOptions::default()
    };
    JetStreamLog::open(broker, options).await.expect("opened")
}

/// Everything there is to read.
async fn read_everything(log: &JetStreamLog) {
    assert!(log.head().await.expect("head") >= Seq(3));
    assert!(log.read_all(Seq::ZERO, 10).await.expect("all").len() >= 3);
    assert_eq!(log.read_subject(&user(), Seq::ZERO, 10).await.expect("a subject").len(), 1);
    assert!(log.last_of_subject(&user()).await.expect("the last").is_some());
    for category in [Category::User, Category::Config, Category::Delivery] {
        assert_eq!(log.read_category(category, Seq::ZERO, 10).await.expect("a category").len(), 1);
        assert_eq!(log.read_category_back(category, Seq(9), 10).await.expect("backwards").len(), 1);
    }
}

async fn is_refused(house: &House, log: &JetStreamLog, role: &str, subject: Subject) {
    let outcome = log.append(Append::one(commit(subject.clone(), 9))).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable { .. })), "{role}: {outcome:?}");
    assert!(house.violations("Publish", role, subject.as_str()) > 0, "{role}: {subject}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_works_with_its_own_user() {
    let house = House::prepared().await;
    api_works(&house).await;
    deliver_works(&house).await;
    let project = house.connect("project").await;
    read_everything(&log(&project).await).await;
    assert_eq!(house.refusals(), Vec::<String>::new());
}

async fn api_works(house: &House) {
    let api = house.connect("api").await;
    let log = log(&api).await;
    log.append(Append::one(commit(Subject::tenant(&tenant()), 1))).await.expect("a tenant");
    // A group goes as an atomic batch.
    let group = vec![commit(user(), 2), commit(Subject::delivery(Channel::Sms, &tenant(), &message()), 3)];
    log.append(Append { commits: group }).await.expect("a challenge and its message");
    read_everything(&log).await;

    let keys = JetStreamKeyStore::new(&api);
    for owner in ["gone", "here"] {
        assert_eq!(keys.put_if_absent(owner, vec![1]).await.expect("stored"), Lookup::Present(vec![1]));
    }
    assert!(keys.replace("here", &[1], vec![2]).await.expect("replaced"));
    assert!(keys.destroy("gone").await.expect("destroyed"));
    assert_eq!(keys.get("gone").await.expect("looked up"), Lookup::Destroyed);

    let snapshots = JetStreamSnapshots::new(&api);
    let snapshot = Snapshot { seq: Seq(2), state: vec![7].into() };
    snapshots.put(&user(), snapshot.clone()).await.expect("on its way");
    house.until("the snapshot is kept", async || snapshots.get(&user()).await == Ok(Some(snapshot.clone()))).await;

    let usage = JetStreamUsage::new(&api);
    let counters = [Counter::new("some.counter", Window::Hour(500_000)).expect("a counter")];
    assert_eq!(usage.add(&counters, 2).await, Ok(vec![2]));
    assert_eq!(usage.read(&counters).await, Ok(vec![2]));
}

async fn deliver_works(house: &House) {
    let deliver = house.connect("deliver").await;
    let queue = JetStreamQueue::open(&deliver, &[Channel::Email, Channel::Sms].into()).await.expect("opened");
    let claimed = queue.next().await.expect("a request");
    claimed.claim.extend().await;
    claimed.claim.give_back(Duration::ZERO).await;
    let again = queue.next().await.expect("the same request");
    assert_eq!(again.stored.subject, claimed.stored.subject);
    read_everything(&log(&deliver).await).await;
    assert_eq!(JetStreamKeyStore::new(&deliver).get("here").await.expect("read"), Lookup::Present(vec![2]));
    assert!(JetStreamSnapshots::new(&deliver).get(&user()).await.expect("read").is_some());
    let outcome = commit(Subject::ledger(&tenant(), &message()), 4);
    log(&deliver).await.append(Append::one(outcome)).await.expect("an entry of the ledger");
    again.claim.done().await.expect("done");

    // Somebody removes the consumer: a worker makes it anew.
    let admin = house.connect("admin").await;
    admin.jetstream().delete_consumer_from_stream("deliver_sms", "TWOFOLD").await.expect("deleted");
    let brought = async || queue.next().await.is_ok_and(|claimed| claimed.stored.subject == again.stored.subject);
    house.until("a new consumer brings the request again", brought).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_appends_nothing_but_its_ledger_and_a_projector_nothing_but_a_stopped_prefix() {
    let house = House::prepared().await;
    let deliver = house.connect("deliver").await;
    let ledger = Subject::ledger(&tenant(), &message());
    let request = Subject::delivery(Channel::Email, &tenant(), &message());
    let forbidden = [user(), Subject::tenant(&tenant()), request];
    let log_of_deliver = impatient_log(&deliver).await;
    for subject in forbidden.clone() {
        is_refused(&house, &log_of_deliver, "deliver", subject).await;
    }
    let project = house.connect("project").await;
    let log_of_project = impatient_log(&project).await;
    // Stopped prefixes are part of the tenant.
    let forbidden = forbidden.into_iter().filter(|subject| subject.category() != Category::Config);
    for subject in forbidden.chain([ledger]) {
        is_refused(&house, &log_of_project, "project", subject).await;
    }
    assert!(JetStreamKeyStore::new(&project).get("somebody").await.is_err());
    assert_eq!(log_of_project.head().await.expect("head"), Seq::ZERO, "nothing was stored");
}

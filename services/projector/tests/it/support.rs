//! A log with registrations.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::timeout;
use twofold_domain::actor::{ActorKind, Role};
use twofold_domain::user::{Profile, UserEvent};
use twofold_domain::{CommitId, Mode, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::wire::{Meta, encode_user, with_mac};
use twofold_event_log::{Append, EventLog, Expected, MemoryLog, NewCommit, Subject};
use twofold_projector::{Projector, ProjectorOptions, ProjectorStatus};
use twofold_read_model::SqliteReadModel;

pub fn tenant() -> TenantId {
    TenantId::from_bytes([1; 16])
}

pub fn token(n: u64) -> UserToken {
    UserToken::from_bytes(u128::from(n).to_be_bytes())
}

pub fn payload() -> Bytes {
    let meta = Meta { at: Timestamp(1), actor: ActorKind::System, actor_token: None, request_id: None, private: None };
    let profile = Profile {
        mode: Mode::Live,
        panel_id: Sealed::new(vec![1]),
        account: None,
        role: Role::User,
        email: None,
        phone: None,
        locale: None,
    };
    with_mac(encode_user(&meta, &[UserEvent::Registered(profile)]), &[0; 32])
}

pub async fn append(log: &MemoryLog, n: u64, payload: Bytes) {
    let commit = NewCommit {
        subject: Subject::user(0, &tenant(), &token(n)),
        expected: Some(Expected::NoStream),
        id: CommitId::from_bytes(u128::from(n).to_be_bytes()),
        payload,
    };
    log.append(Append::one(commit)).await.unwrap();
}

pub async fn register(log: &MemoryLog, users: std::ops::Range<u64>) {
    for n in users {
        append(log, n, payload()).await;
    }
}

pub struct Fixture {
    pub log: MemoryLog,
    pub store: Arc<SqliteReadModel>,
    pub projector: Arc<Projector>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteReadModel::open(folder.path().join("read.db")).await.unwrap());
        let options = ProjectorOptions {
            batch: 64,
            gather: Duration::from_millis(5),
            first_pause: Duration::from_millis(2),
            longest_pause: Duration::from_millis(10),
            tolerated_failures: 2,
            ..ProjectorOptions::default()
        };
        Self { log: MemoryLog::new(), store, projector: Arc::new(Projector::new(options)), _folder: folder }
    }
}

/// Waits for a status, for ten seconds at most.
pub async fn reached(
    status: &mut watch::Receiver<ProjectorStatus>,
    wanted: impl FnMut(&ProjectorStatus) -> bool,
) -> ProjectorStatus {
    timeout(Duration::from_secs(10), status.wait_for(wanted)).await.unwrap().unwrap().clone()
}

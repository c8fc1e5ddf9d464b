//! How many single-event commits a second the read model takes: batches of 1,000, decoding included; first as they come,
//! then again in a rebuild of all of them.
//!
//! Arguments: users (100,000), commits (300,000), and the URL of an empty PostgreSQL database when it is to be that and
//! not a SQLite file. Users are picked at random, so a batch touches as many rows as it has commits. Pin it to one core for
//! a figure per core.

#![allow(clippy::print_stdout, reason = "a measuring tool talks to its user")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use twofold_domain::actor::{ActorKind, Role};
use twofold_domain::user::{Destination, FailureReason, Profile, Proof, Purpose, Target, UserEvent};
use twofold_domain::{CommitId, FactorId, FactorKind, KeyedHash, Mode, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::wire::{Meta, encode_user, with_mac};
use twofold_event_log::{Seq, Stored, Subject};
use twofold_read_model::{PostgresOptions, PostgresReadModel, ProjectError, ReadModel, ReadStore, SqliteReadModel};

/// As in the product.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const BATCH: u64 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (users, commits) = (number(100_000)?, number(300_000)?);
    let folder = tempfile::tempdir()?;
    let model: ReadModel = match arguments.next() {
        None => Arc::new(SqliteReadModel::open(folder.path().join("read.db")).await?),
        Some(url) => {
            let options = PostgresOptions::new(&url)?;
            PostgresReadModel::migrate(&options).await?;
            Arc::new(PostgresReadModel::open(options).await?)
        }
    };
    let mut generator = Generator::new();
    let registered = run(users, || generator.registration(), async |batch| model.apply(batch).await).await?;
    println!("registrations: {users} in {registered:.2?}, {:.0}/s", rate(users, registered));
    let verified = run(commits, || generator.verification(users), async |batch| model.apply(batch).await).await?;
    println!("verifications: {commits} in {verified:.2?}, {:.0}/s", rate(commits, verified));
    rebuild(&*model, users, commits).await?;
    model.close().await;
    Ok(())
}

/// What [`twofold_read_model::rebuild`] does, with a time for each part and no log to wait for.
async fn rebuild(model: &dyn ReadStore, users: u64, commits: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut generator = Generator::new();
    let mut beside = model.begin_rebuild().await?;
    let mut spent = run(users, || generator.registration(), async |batch| beside.apply(batch).await).await?;
    spent += run(commits, || generator.verification(users), async |batch| beside.apply(batch).await).await?;
    println!("rebuild: {} folded in {spent:.2?}, {:.0}/s", users + commits, rate(users + commits, spent));
    let start = Instant::now();
    beside.hold().await?;
    let differences = beside.compare().await?;
    println!("compared in {:.2?}: {differences} rows differ", start.elapsed());
    let start = Instant::now();
    beside.settle().await?;
    println!("indexes in {:.2?}", start.elapsed());
    let start = Instant::now();
    beside.hold().await?;
    beside.switch().await?;
    println!("exchanged in {:.2?}", start.elapsed());
    Ok(())
}

/// Applies commits in batches; making them is not counted.
async fn run(
    count: u64,
    mut next: impl FnMut() -> Stored,
    mut apply: impl AsyncFnMut(&[Stored]) -> Result<Seq, ProjectError>,
) -> Result<Duration, ProjectError> {
    let mut left = count;
    let mut spent = Duration::ZERO;
    while left > 0 {
        let batch: Vec<_> = (0..left.min(BATCH)).map(|_| next()).collect();
        left -= batch.len() as u64;
        let start = Instant::now();
        apply(&batch).await?;
        spent += start.elapsed();
    }
    Ok(spent)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: u64, spent: Duration) -> f64 {
    count as f64 / spent.as_secs_f64()
}

struct Generator {
    seq: u64,
    random: u64,
    tenant: TenantId,
}

impl Generator {
    fn new() -> Self {
        Self { seq: 0, random: 0x9e37_79b9_7f4a_7c15, tenant: TenantId::from_bytes([1; 16]) }
    }

    fn registration(&mut self) -> Stored {
        let sealed = || Sealed::new(vec![7; 60]);
        let destination = Destination { sealed: sealed(), fingerprint: KeyedHash::new([1; 32]) };
        let profile = Profile {
            mode: Mode::Live,
            panel_id: sealed(),
            account: None,
            role: Role::User,
            email: Some(destination),
            phone: None,
            locale: Some("en".to_owned()),
        };
        let user = self.seq;
        self.commit(user, UserEvent::Registered(profile))
    }

    fn verification(&mut self, users: u64) -> Stored {
        let random = self.draw();
        let event = if random.is_multiple_of(10) {
            UserEvent::VerificationFailed {
                purpose: Purpose::Login,
                target: Target::Direct,
                kind: FactorKind::Totp,
                reason: FailureReason::WrongCode,
                counted: true,
                drift_steps: None,
            }
        } else {
            let factor = FactorId::from_bytes(u128::from(random).to_be_bytes());
            let proof = Proof::Totp { factor, step: 59_000_000 + self.seq, drift_steps: 0 };
            UserEvent::VerificationSucceeded { purpose: Purpose::Login, target: Target::Direct, proof }
        };
        self.commit((random >> 8) % users, event)
    }

    fn commit(&mut self, user: u64, event: UserEvent) -> Stored {
        self.seq += 1;
        let at = Timestamp(1_790_000_000_000 + self.seq.cast_signed());
        let meta = Meta {
            at,
            actor: ActorKind::User,
            actor_token: None,
            request_id: Some(format!("req_{:020}", self.seq)),
            private: Some(Sealed::new(vec![3; 160])),
        };
        // Tokens are hashes: neighbours in time are no neighbours in the table.
        let scattered = u128::from(user).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let user = UserToken::from_bytes(scattered.to_be_bytes());
        let payload: Bytes = with_mac(encode_user(&meta, &[event]), &[0; 32]);
        let id = CommitId::from_bytes(u128::from(self.seq).to_be_bytes());
        Stored { seq: Seq(self.seq), subject: Subject::user(0, &self.tenant, &user), id, payload, trace: None }
    }

    /// Xorshift: no cryptography needed to pick users.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

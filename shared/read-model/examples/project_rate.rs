//! How many single-event commits a second the read model takes: batches of 1,000, decoding included.
//!
//! Arguments: users (100,000), commits (300,000). Users are picked at random, so a batch touches as many rows as it has
//! commits. Pin it to one core for a figure per core.

#![allow(clippy::print_stdout, reason = "a measuring tool talks to its user")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use twofold_domain::actor::{ActorKind, Role};
use twofold_domain::user::{Destination, FailureReason, Profile, Proof, Purpose, Target, UserEvent};
use twofold_domain::{CommitId, FactorId, FactorKind, KeyedHash, Mode, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::wire::{Meta, encode_user, with_mac};
use twofold_event_log::{Seq, Stored, Subject};
use twofold_read_model::{ProjectError, ReadStore, SqliteReadModel};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: u64 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let users = arguments.next().transpose()?.unwrap_or(100_000);
    let commits = arguments.next().transpose()?.unwrap_or(300_000);
    let folder = tempfile::tempdir()?;
    let model = SqliteReadModel::open(folder.path().join("read.db")).await?;

    let mut generator = Generator { seq: 0, random: 0x9e37_79b9_7f4a_7c15, tenant: TenantId::from_bytes([1; 16]) };
    let registered = run(&model, users, || generator.registration()).await?;
    println!("registrations: {users} in {registered:.2?}, {:.0}/s", rate(users, registered));
    let verified = run(&model, commits, || generator.verification(users)).await?;
    println!("verifications: {commits} in {verified:.2?}, {:.0}/s", rate(commits, verified));
    model.close().await;
    println!("file: {} bytes", std::fs::metadata(folder.path().join("read.db"))?.len());
    Ok(())
}

/// Applies commits in batches; making them is not counted.
async fn run(model: &SqliteReadModel, count: u64, mut next: impl FnMut() -> Stored) -> Result<Duration, ProjectError> {
    let mut left = count;
    let mut spent = Duration::ZERO;
    while left > 0 {
        let batch: Vec<_> = (0..left.min(BATCH)).map(|_| next()).collect();
        left -= batch.len() as u64;
        let start = Instant::now();
        model.apply(&batch).await?;
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

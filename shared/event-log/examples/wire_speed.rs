//! What one verification costs on the wire: `cargo run --release -p twofold-event-log --example wire_speed`.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement that is run by hand")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use twofold_domain::actor::ActorKind;
use twofold_domain::user::{Proof, Purpose, Target, UserEvent};
use twofold_domain::{FactorId, Sealed, Timestamp};
use twofold_event_log::wire::{Meta, decode_user, encode_user, split_mac, with_mac};

fn main() {
    let meta = Meta {
        at: Timestamp(1_795_290_000_000),
        actor: ActorKind::User,
        actor_token: None,
        request_id: Some("01979b2e8b4c7d539f1e2a64c0d8e7b1".to_owned()),
        private: Some(Sealed::new(vec![0x5A; 180])),
    };
    let proof = Proof::Totp { factor: FactorId::from_bytes([7; 16]), step: 59_843_000, drift_steps: 0 };
    let events = [UserEvent::VerificationSucceeded { purpose: Purpose::Login, target: Target::Direct, proof }];
    let payload = with_mac(encode_user(&meta, &events), &[3; 32]);
    let encode = nanoseconds(|| with_mac(encode_user(black_box(&meta), black_box(&events)), &[3; 32]));
    let decode = nanoseconds(|| decode_user(black_box(&payload)).expect("decodes"));
    let split = nanoseconds(|| split_mac(black_box(&payload)).expect("splits"));
    println!("{} bytes, encode {encode} ns, decode {decode} ns, split {split} ns", payload.len());
}

/// The best of several rounds: what the code costs, without what the machine does besides.
fn nanoseconds<T>(mut work: impl FnMut() -> T) -> u128 {
    const ROUNDS: u32 = 20;
    const TIMES: u32 = 20_000;
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..TIMES {
            black_box(work());
        }
        best = best.min(start.elapsed());
    }
    best.as_nanos() / u128::from(TIMES)
}

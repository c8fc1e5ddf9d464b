//! What the pieces of the hot path cost: `cargo run --release -p twofold-crypto --example speed`.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used, reason = "a measurement that is run by hand")]

use std::{hint::black_box, sync::Arc, time::Instant};

use tokio::task::JoinSet;
use twofold_crypto::{DataKey, KeyStore as _, Keyring, MasterKey, OsRandom, PresentedCode, SqliteKeyStore, totp};
use twofold_domain::{Mode, PanelId, TenantId, Timestamp, TotpParams};

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 100_000;
    for _ in 0..ROUNDS / 10 {
        black_box(work());
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(work());
    }
    println!("{name}: {} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
}

fn hot_path() {
    let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
    let tenant = TenantId::from_bytes([1; 16]);
    let id = PanelId::parse("customer-4711").expect("valid");
    measure("user_token", || keyring.user_token(&tenant, Mode::Live, &id));
    measure("fingerprint", || keyring.fingerprint(&tenant, "phone", b"+4915112345678"));
    measure("api_key_hash", || keyring.api_key_hash(&[b'x'; 43]));

    let (secret, params, now) = (totp::generate_secret(&OsRandom), TotpParams::default(), Timestamp(1_795_290_000_000));
    let step = totp::step_at(&params, now);
    let right = PresentedCode::parse(totp::code_at(&secret, &params, step).expose()).expect("a code");
    let wrong = PresentedCode::parse(totp::code_at(&secret, &params, step + 99).expose()).expect("a code");
    measure("evaluate, right code", || totp::evaluate(&secret, &params, &right, now));
    measure("evaluate, wrong code with drift search", || totp::evaluate(&secret, &params, &wrong, now));
    let partner = totp_rs::Builder::new().with_secret(secret.to_vec()).build_noncompliant();
    measure("totp-rs check, wrong code", || partner.check("000000", now.as_secs()));

    let key = DataKey::generate(&OsRandom);
    let sealed = key.seal(b"tn/us/totp", &secret, &OsRandom);
    measure("seal 20 bytes, nonce from the system", || key.seal(b"tn/us/totp", &secret, &OsRandom));
    measure("open 20 bytes, cached cipher", || key.open(b"tn/us/totp", &sealed));
    let wrapped = keyring.wrap("tn/us", &key, &OsRandom);
    measure("unwrap and first open", || keyring.unwrap("tn/us", &wrapped).expect("opens").open(b"tn/us/totp", &sealed));
    println!("size of a DataKey: {} bytes", size_of::<DataKey>());
}

#[tokio::main]
async fn main() {
    hot_path();
    seeding_a_key_store().await;
}

async fn seeding_a_key_store() {
    const KEYS: usize = 50_000;
    let directory = tempfile::tempdir().expect("directory");
    let store = Arc::new(SqliteKeyStore::open(directory.path().join("keys.db")).await.expect("opened"));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for lane in 0..500 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in (lane..KEYS).step_by(500) {
                store.put_if_absent(&format!("tn/us{n}"), vec![1; 65]).await.expect("stored");
            }
        });
    }
    tasks.join_all().await;
    println!("put_if_absent, 500 at once: {} a second", KEYS as u128 * 1_000 / start.elapsed().as_millis().max(1));
}

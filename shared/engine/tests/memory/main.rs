//! What a user in memory costs: live bytes of heap of the state, its place in the cache and the key.
//!
//! One test, in a program of its own: the counting allocator stands in for the real one in everything linked with it.

#[path = "../it/support.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use all of it")]
mod support;

use std::sync::Arc;

use allocation_counter::measure;
use support::*;
use tokio::runtime::Builder;
use twofold_crypto::{KeyVault, OsRandom};
use twofold_domain::user::User;
use twofold_domain::{Method, user};
use twofold_engine::{Ask, Caller, Engine};

const USERS: usize = 2_000;
/// Codes after the set-up: so many without a challenge, so many with one.
const DIRECT: usize = 12;
const LOGINS: usize = 3;

/// Bytes of the ordinary user: some tenths above what he takes today. Whoever exceeds them looks first, and raises them
/// with a reason.
const STATE: i64 = 1_650;
const KEY: i64 = 300;

#[test]
fn a_user_in_memory_costs_a_bounded_number_of_bytes() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = World::new();
    let (engine, sample) = runtime.block_on(async {
        let engine = roomy_node(&world).await;
        let caller = tenant(&engine, "memory", serde_json::json!({})).await;
        for n in 0..USERS {
            live(&world, &engine, &caller, &format!("u{n}")).await;
        }
        let sample = engine.current(&whom(&engine, &caller, "u7").subject).await.expect("there");
        (engine, sample.user)
    });
    // With it goes whatever else holds the engine.
    drop(runtime);
    let vault = Arc::clone(engine.vault());
    let state = freed(engine);
    let key = freed(vault);
    for (part, bytes) in parts(&sample) {
        println!("{part}: {bytes}");
    }
    println!("state and its place: {state}; key and its place: {key}; together: {}", state + key);
    assert!(state <= STATE, "a state and its place take {state} bytes, allowed {STATE}");
    assert!(key <= KEY, "a key and its place take {key} bytes, allowed {KEY}");
}

/// A node that keeps all of them in memory.
async fn roomy_node(world: &World) -> Arc<Engine> {
    // Room to spare: no part of a cache may be too full for its share.
    let room = 2 * USERS;
    let mut parts = world.parts(world.log.clone(), Arc::new(world.snapshots.clone()));
    parts.vault = Arc::new(KeyVault::new(Arc::clone(&world.keyring), world.store.clone(), Arc::new(OsRandom), room));
    parts.cached_users = room;
    following(Arc::new(Engine::new(parts))).await
}

/// A year of an ordinary user, in short.
async fn live(world: &World, engine: &Engine, caller: &Caller, name: &str) {
    let (secret, _) = enrolled(engine, caller, name).await;
    for n in 0..DIRECT + LOGINS {
        world.clock.advance_secs(30);
        let right = code(&secret, world.clock_now());
        let ask = if n < LOGINS {
            let id = challenge(engine, caller, name, Method::Totp).await;
            Ask::Verify { target: user::Target::Challenge(id), kind: None, code: typed(right.expose()) }
        } else {
            verify(right.expose())
        };
        assert_eq!(run(engine, caller, name, &ask).await.expect("judged").outcome, "verified");
    }
}

/// Bytes that go with the last holder, for each user.
fn freed<T>(last: Arc<T>) -> i64 {
    assert_eq!(Arc::strong_count(&last), 1, "somebody else holds it");
    let bytes = -measure(|| drop(last)).bytes_current;
    bytes / i64::try_from(USERS).expect("few")
}

/// Where the bytes of a state are.
fn parts(user: &User) -> Vec<(&'static str, i64)> {
    fn heap<T: Clone>(part: &T) -> i64 {
        let mut copy = None;
        let bytes = measure(|| copy = Some(part.clone())).bytes_current;
        drop(copy);
        bytes
    }
    let size = |bytes: usize| i64::try_from(bytes).expect("small");
    vec![
        ("size of User", size(size_of::<User>())),
        ("size of Challenge", size(size_of::<user::Challenge>())),
        ("size of Factor", size(size_of::<user::Factor>())),
        ("size of Profile", size(size_of::<user::Profile>())),
        ("heap of the profile", heap(&user.profile)),
        ("heap of the factors", heap(&user.factors)),
        ("heap of the recovery codes", heap(&user.recovery)),
        ("heap of the challenges", heap(&user.challenges)),
        ("heap of the receipts", heap(&user.receipts)),
        ("heap of all", heap(user)),
    ]
}

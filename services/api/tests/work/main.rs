//! What a verification costs, in work and not in seconds: allocations on the way from the request to the durable answer,
//! and questions to log and key store. The counts hardly depend on the machine, so they are held to narrow bounds.
//!
//! One test, in a program of its own: the counting allocator stands in for the real one in everything linked with it.

mod counted;
#[path = "../it/support/outbound.rs"]
mod outbound;
mod support;

use counted::Asked;
use support::{Bench, Cost};

/// Requests measured of either kind, after the first ones have filled caches and prepared statements.
const MEASURED: usize = 200;
const WARM_UP: usize = 20;

/// Bounds of one request: some tenths above what it takes today. Whoever exceeds them looks first, and raises them with a
/// reason.
const ACCEPTED: Cost = Cost { allocations: 115, bytes: 22_500 };
const REJECTED: Cost = Cost { allocations: 124, bytes: 23_500 };

#[test]
fn a_verification_takes_one_append_no_read_and_a_bounded_number_of_allocations() {
    let bench = Bench::start();
    for _ in 0..WARM_UP {
        bench.right_code();
        bench.wrong_code();
    }
    let (mut accepted, mut rejected) = (Vec::new(), Vec::new());
    for _ in 0..MEASURED {
        bench.asked();
        accepted.push(bench.right_code());
        assert_eq!(bench.asked(), Asked { appends: 1, reads: 0, keys: 0 }, "of a right code");
        rejected.push(bench.wrong_code());
        assert_eq!(bench.asked(), Asked { appends: 1, reads: 0, keys: 0 }, "of a wrong code");
    }
    let (accepted, rejected) = (Cost::median(&accepted), Cost::median(&rejected));
    println!("a right code: {accepted:?}; a wrong one: {rejected:?}");
    assert!(accepted.is_within(ACCEPTED), "a right code: {accepted:?}, allowed {ACCEPTED:?}");
    assert!(rejected.is_within(REJECTED), "a wrong code: {rejected:?}, allowed {REJECTED:?}");
}

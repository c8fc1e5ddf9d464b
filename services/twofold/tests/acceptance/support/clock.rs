//! Real time, which authenticator codes cannot do without.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds that a request may take on a busy machine between reading the clock here and there.
const MARGIN: u64 = 6;

#[expect(clippy::disallowed_methods, reason = "the phone in the user's hand has a clock of its own")]
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}

pub fn now_secs() -> u64 {
    now().as_secs()
}

/// The present time in RFC 3339, some seconds away.
pub fn rfc3339(offset_secs: i64) -> String {
    let at = i64::try_from(now_secs()).expect("in range") + offset_secs;
    twofold_domain::Timestamp(at * 1000).to_rfc3339()
}

/// The present step, with enough of it left for a request.
pub fn steady_step(period: u64) -> u64 {
    if period - now_secs() % period < MARGIN {
        wait_for_step(now_secs() / period + 1, period);
    }
    now_secs() / period
}

/// Waits until a step begins.
pub fn wait_for_step(step: u64, period: u64) {
    let begins = Duration::from_secs(step * period);
    while let Some(rest) = begins.checked_sub(now()).filter(|rest| !rest.is_zero()) {
        thread::sleep(rest);
    }
}

/// Looks again and again until there is something, for a limited time.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(15));
    }
}

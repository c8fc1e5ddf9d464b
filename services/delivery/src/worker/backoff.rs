//! How long to wait before trying again.

use std::time::Duration;

use twofold_crypto::Random;

use super::config::Retry;

const PAUSE_MAX: Duration = Duration::from_mins(10);

/// The pause after `failed` failures in a row: doubling, at most an eighth of the message's life and ten minutes, half
/// of it drawn, so that what failed together does not come back together.
pub(super) fn pause(retry: Retry, failed: u32, life: Duration, rng: &dyn Random) -> Duration {
    let first = Duration::from_millis(retry.first_pause_ms);
    let doubled = first.saturating_mul(1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX));
    jittered(doubled.min(life / 8).min(PAUSE_MAX), rng)
}

/// The pause after `failed` failures of something of our own: from 50 ms, at most 5 s.
pub(super) fn short_pause(failed: u32, rng: &dyn Random) -> Duration {
    let doubled = 50_u64.saturating_mul(1 << failed.saturating_sub(1).min(10));
    jittered(Duration::from_millis(doubled.min(5000)), rng)
}

fn jittered(whole: Duration, rng: &dyn Random) -> Duration {
    let mut drawn = [0_u8; 2];
    rng.fill(&mut drawn);
    let half = whole / 2;
    half + half.mul_f64(f64::from(u16::from_be_bytes(drawn)) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use twofold_crypto::OsRandom;

    use super::*;

    #[test]
    fn pauses_double_within_bounds() {
        let retry = Retry { max_attempts: 12, first_pause_ms: 1000 };
        let life = Duration::from_mins(5);
        for (failed, whole_ms) in [(1, 1000), (2, 2000), (5, 16_000), (6, 32_000), (7, 37_500), (40, 37_500)] {
            let got = pause(retry, failed, life, &OsRandom);
            let whole = Duration::from_millis(whole_ms);
            assert!(got >= whole / 2 && got <= whole, "{failed}: {got:?}");
        }
        assert!(pause(retry, 40, Duration::from_secs(100_000), &OsRandom) <= PAUSE_MAX);
        for failed in [1, 8, 99] {
            assert!(short_pause(failed, &OsRandom) <= Duration::from_secs(5));
        }
    }
}

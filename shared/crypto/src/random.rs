//! Randomness as a parameter, and the one real source of it.

use std::time::Duration;

/// A source of unpredictable bytes. Everything that draws takes one of these, so tests can give their own.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills the whole slice.
    fn fill(&self, out: &mut [u8]);

    /// 16 fresh bytes, for ids and nonces.
    fn bytes16(&self) -> [u8; 16] {
        let mut out = [0; 16];
        self.fill(&mut out);
        out
    }

    /// 32 fresh bytes, for keys. Wrap them in `Zeroizing` where they are a secret.
    fn bytes32(&self) -> [u8; 32] {
        let mut out = [0; 32];
        self.fill(&mut out);
        out
    }
}

/// The operating system's CSPRNG (C7).
///
/// Fails closed: a failed read is tried [`ATTEMPTS`](OsRandom::ATTEMPTS) times over about 50 ms, then the process
/// aborts. A panic would be caught per request and leave a server running that cannot make secrets, and an error
/// result would invite a caller to go on with what is in the buffer. On Linux the read fails only where the
/// kernel or a sandbox forbids the call, which is so from the first request on.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl OsRandom {
    /// Reads tried before the process aborts.
    pub const ATTEMPTS: u32 = 5;
}

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) {
        for _ in 0..Self::ATTEMPTS {
            #[allow(clippy::disallowed_methods, reason = "the one real source of randomness")]
            if getrandom::fill(out).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::process::abort();
    }
}

/// Draws a number below `bound` with no bias, by rejecting bytes at or above the largest multiple of `bound`.
/// A `bound` of zero answers zero.
pub(crate) fn below(rng: &dyn Random, bound: u8) -> u8 {
    if bound < 2 {
        return 0;
    }
    let limit = 256 - 256 % u16::from(bound);
    let mut pool = zeroize::Zeroizing::new([0_u8; 16]);
    loop {
        rng.fill(&mut *pool);
        if let Some(byte) = pool.iter().find(|byte| u16::from(**byte) < limit) {
            return byte % bound;
        }
    }
}

/// Draws `length` characters of an ASCII alphabet, uniformly and independently.
pub(crate) fn characters(rng: &dyn Random, alphabet: &[u8], length: usize) -> zeroize::Zeroizing<String> {
    let bound = u8::try_from(alphabet.len()).unwrap_or(u8::MAX);
    let mut text = zeroize::Zeroizing::new(String::with_capacity(length));
    for _ in 0..length {
        text.push(char::from(alphabet[usize::from(below(rng, bound))]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operating_system_gives_fresh_bytes() {
        assert_ne!(OsRandom.bytes16(), OsRandom.bytes16());
        assert_ne!(OsRandom.bytes32(), [0; 32]);
    }

    #[test]
    fn drawing_below_a_bound_is_uniform() {
        let mut counts = [0_u32; 28];
        for _ in 0..28_000 {
            counts[usize::from(below(&OsRandom, 28))] += 1;
        }
        // 1,000 expected each; six standard deviations are about 190.
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}

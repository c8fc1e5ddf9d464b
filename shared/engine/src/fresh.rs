//! Randomness for one command.

use twofold_crypto::Random;
use twofold_domain::user::Fresh;
use twofold_domain::{ChallengeId, CodeNonce, EnrolmentId, FactorId, MessageId};

/// Draws everything a command may need in one go: one call of the random source is cheaper than knowing which.
pub fn fresh(rng: &dyn Random) -> Fresh {
    let mut pool = [0u8; 96];
    rng.fill(&mut pool);
    let part = |index: usize| {
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&pool[index * 16..index * 16 + 16]);
        bytes
    };
    Fresh {
        enrolment: EnrolmentId::from_bytes(part(0)),
        challenge: ChallengeId::from_bytes(part(1)),
        factor: FactorId::from_bytes(part(2)),
        message: MessageId::from_bytes(part(3)),
        notice: MessageId::from_bytes(part(4)),
        nonce: CodeNonce(part(5)),
    }
}

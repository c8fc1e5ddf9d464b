//! Folding one user's subject, with the chain checked on the way.

use twofold_crypto::Keyring;
use twofold_domain::Timestamp;
use twofold_domain::user::{User, evolve};
use twofold_event_log::{EventLog, Expected, Seq, Subject, wire};

use crate::chain::Chain;
use crate::error::EngineError;

const PAGE: usize = 500;

/// A folded user and where the subject stands.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The state.
    pub user: User,
    /// The last commit; none for a user nobody has told of.
    pub head: Option<Seq>,
    /// The chain after it.
    pub chain: Chain,
}

impl Loaded {
    pub(crate) fn empty() -> Self {
        Self { user: User::default(), head: None, chain: Chain::start() }
    }

    pub(crate) fn expected(&self) -> Expected {
        self.head.map_or(Expected::NoStream, Expected::Exact)
    }

    pub(crate) fn position(&self) -> Seq {
        self.head.unwrap_or(Seq::ZERO)
    }
}

/// Up to which commit to fold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Now,
    Position(Seq),
    Instant(Timestamp),
}

pub(crate) async fn load(log: &dyn EventLog, keyring: &Keyring, subject: &Subject) -> Result<Loaded, EngineError> {
    load_until(log, keyring, subject, Until::Now).await
}

async fn load_until(
    log: &dyn EventLog,
    keyring: &Keyring,
    subject: &Subject,
    until: Until,
) -> Result<Loaded, EngineError> {
    let mut loaded = Loaded::empty();
    loop {
        let page = log.read_subject(subject, loaded.position(), PAGE).await?;
        if page.is_empty() {
            return Ok(loaded);
        }
        for stored in &page {
            let chain = loaded.chain.check(keyring, stored).map_err(|error| {
                tracing::error!(%subject, seq = stored.seq.0, %error, "the audit chain is broken");
                EngineError::Integrity(error.to_string())
            })?;
            let (meta, events, _) =
                wire::decode_user(&stored.payload).map_err(|e| EngineError::Integrity(e.to_string()))?;
            let beyond = match until {
                Until::Now => false,
                Until::Position(last) => stored.seq > last,
                Until::Instant(last) => meta.at > last,
            };
            if beyond {
                return Ok(loaded);
            }
            for event in &events {
                evolve(&mut loaded.user, event, meta.at);
            }
            loaded.head = Some(stored.seq);
            loaded.chain = chain;
        }
    }
}

/// Replays a user up to a position or an instant, for support.
pub async fn fold_subject(
    log: &dyn EventLog,
    keyring: &Keyring,
    subject: &Subject,
    position: Option<Seq>,
    instant: Option<Timestamp>,
) -> Result<Loaded, EngineError> {
    let until = match (position, instant) {
        (Some(position), _) => Until::Position(position),
        (None, Some(instant)) => Until::Instant(instant),
        (None, None) => Until::Now,
    };
    load_until(log, keyring, subject, until).await
}

//! Bringing a user's state up to the log, with the chain checked on the way.

use twofold_crypto::Keyring;
use twofold_domain::user::{User, evolve};
use twofold_domain::{Timestamp, UserToken};
use twofold_event_log::{EventLog, Expected, Seq, Stored, Subject, wire};

use crate::chain::Chain;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::snapshot::LONG_TAIL;

const PAGE: usize = 500;
/// Commits read at once of a user of whom nothing is known: whoever has no more, or a snapshot among them, is loaded by this
/// one read.
const YOUNG: usize = 12;

/// A folded user and where the subject stands.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The state.
    pub user: User,
    /// The last commit; none for a user nobody has told of.
    pub head: Option<Seq>,
    /// The chain after it.
    pub chain: Chain,
    /// Commits folded since the last snapshot that this process knows of.
    pub(crate) unsaved: u32,
}

impl Loaded {
    pub(crate) fn empty() -> Self {
        Self { user: User::default(), head: None, chain: Chain::start(), unsaved: 0 }
    }

    pub(crate) fn expected(&self) -> Expected {
        self.head.map_or(Expected::NoStream, Expected::Exact)
    }

    pub(crate) fn position(&self) -> Seq {
        self.head.unwrap_or(Seq::ZERO)
    }

    /// Whether this is the state after a commit that the log holds.
    fn is_after(&self, commit: &Stored) -> bool {
        self.head == Some(commit.seq) && self.chain.is_after(commit)
    }

    /// Folds the next commit; `false` when it lies beyond and nothing was folded.
    fn fold(&mut self, keyring: &Keyring, stored: &Stored, until: Until) -> Result<bool, EngineError> {
        let chain = self.chain.check(keyring, stored).map_err(|error| {
            tracing::error!(subject = %stored.subject, seq = stored.seq.0, %error, "the audit chain is broken");
            EngineError::Integrity(error.to_string())
        })?;
        let (meta, events, _) =
            wire::decode_user(&stored.payload).map_err(|e| EngineError::Integrity(e.to_string()))?;
        let beyond = match until {
            Until::Now => false,
            Until::Position(last) => stored.seq > last,
            Until::Instant(last) => meta.at > last,
        };
        if !beyond {
            for event in &events {
                evolve(&mut self.user, event, meta.at);
            }
            self.head = Some(stored.seq);
            self.chain = chain;
            self.unsaved = self.unsaved.saturating_add(1);
        }
        Ok(!beyond)
    }
}

/// Up to which commit to fold.
#[derive(Debug, Clone, Copy)]
enum Until {
    Now,
    Position(Seq),
    Instant(Timestamp),
}

impl Engine {
    /// Brings what is known of a user up to the log as it is now: from memory, else from a snapshot, else from the
    /// beginning. Whatever it begins with is used only if the log holds the commit it was taken after, so the cost is
    /// that of what is new and the result is that of folding everything. When it fails, what was known stays.
    pub(super) async fn refresh(&self, subject: &Subject, place: &mut Option<Loaded>) -> Result<(), EngineError> {
        let parts = &self.parts;
        let known = place.as_ref().filter(|known| known.head.is_some());
        // A state in memory is mostly still true: the last commit alone tells.
        let newest = parts.log.newest_of_subject(subject, if known.is_some() { 1 } else { YOUNG }).await?;
        let Some(last) = newest.commits.first() else {
            *place = Some(Loaded::empty());
            return Ok(());
        };
        if known.is_some_and(|known| known.is_after(last)) {
            return Ok(());
        }
        let mut begun = None;
        if let Some(known) = known {
            begun = fold_onto(&*parts.log, &parts.keyring, known.clone(), last).await?;
        } else if newest.all {
            begun = Some(fold_newer(&parts.keyring, Loaded::empty(), &newest.commits)?);
        }
        if begun.is_none()
            && let Some(snapshot) = self.snapshots.get(&parts.keyring, subject).await
        {
            begun = match newest.commits.iter().position(|commit| snapshot.is_after(commit)) {
                Some(at) => Some(fold_newer(&parts.keyring, snapshot, &newest.commits[..at])?),
                None => fold_onto(&*parts.log, &parts.keyring, snapshot, last).await?,
            };
            if begun.is_none() {
                self.snapshots.not_in_the_log(subject);
            }
        }
        let mut loaded = match begun {
            Some(loaded) => loaded,
            None => fold_rest(&*parts.log, &parts.keyring, Loaded::empty(), last).await?,
        };
        self.snapshots.offer(subject, &mut loaded, LONG_TAIL);
        if loaded.user.erased {
            self.forget_key(subject);
        }
        *place = Some(loaded);
        Ok(())
    }

    /// Whichever process erased the user: the key in this one's memory goes as soon as it sees that.
    fn forget_key(&self, subject: &Subject) {
        if let (Some(tenant), Ok(user)) = (subject.tenant_id(), UserToken::parse(subject.last_token())) {
            self.parts.vault.forget(&tenant, &user);
        }
    }
}

/// Folds the commits right after `base`, newest first as they are.
fn fold_newer(keyring: &Keyring, mut base: Loaded, newest_first: &[Stored]) -> Result<Loaded, EngineError> {
    for stored in newest_first.iter().rev() {
        base.fold(keyring, stored, Until::Now)?;
    }
    Ok(base)
}

/// Folds what came after `base`; `None` when the log does not hold the commit that `base` was taken after: it is of
/// another log, or of this one before it was put back from a backup.
async fn fold_onto(
    log: &dyn EventLog,
    keyring: &Keyring,
    mut base: Loaded,
    last: &Stored,
) -> Result<Option<Loaded>, EngineError> {
    if base.position() >= last.seq {
        return Ok(base.is_after(last).then_some(base));
    }
    let page = log.read_subject(&last.subject, Seq(base.position().0.saturating_sub(1)), PAGE).await?;
    let Some((first, tail)) = page.split_first() else { return Ok(None) };
    if !base.is_after(first) {
        return Ok(None);
    }
    for stored in tail {
        base.fold(keyring, stored, Until::Now)?;
    }
    fold_rest(log, keyring, base, last).await.map(Some)
}

/// Folds the subject from where `loaded` stands at least up to `last`.
async fn fold_rest(
    log: &dyn EventLog,
    keyring: &Keyring,
    mut loaded: Loaded,
    last: &Stored,
) -> Result<Loaded, EngineError> {
    while loaded.position() < last.seq {
        let page = log.read_subject(&last.subject, loaded.position(), PAGE).await?;
        if page.is_empty() {
            return Err(EngineError::Unavailable(format!("the log does not give {} up to {}", last.subject, last.seq)));
        }
        for stored in &page {
            loaded.fold(keyring, stored, Until::Now)?;
        }
    }
    Ok(loaded)
}

/// Replays a user up to a position or an instant, for support. Always from the beginning, so that all of it is checked.
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
    let mut loaded = Loaded::empty();
    loop {
        let page = log.read_subject(subject, loaded.position(), PAGE).await?;
        if page.is_empty() {
            return Ok(loaded);
        }
        for stored in &page {
            if !loaded.fold(keyring, stored, until)? {
                return Ok(loaded);
            }
        }
    }
}

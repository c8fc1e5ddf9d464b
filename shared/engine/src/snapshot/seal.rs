//! A snapshot's bytes: version, tag, chain, state. The tag covers all the rest, with the subject and the position.

use twofold_crypto::{Keyring, constant_time_eq};
use twofold_domain::user::User;
use twofold_event_log::{Snapshot, Subject};

use super::pack::{Pack as _, Unpacker};
use crate::chain::Chain;
use crate::user::Loaded;

/// Of the encoding *and* of the fold. Raise it when either changes: snapshots of another version are passed over, and
/// each user's next load folds his whole history once.
pub(crate) const STATE_VERSION: u16 = 1;

const VERSION_BYTES: usize = 2;
const TAG_BYTES: usize = 32;

/// Why a snapshot is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is of another version")]
    OtherVersion,
    #[error("its tag is not ours")]
    NotOurs,
    #[error("it cannot be read")]
    Unreadable,
}

/// `None` for a user nobody has told of: there is nothing to keep.
pub(super) fn seal(keyring: &Keyring, subject: &Subject, loaded: &Loaded) -> Option<Snapshot> {
    let seq = loaded.head?;
    let mut state = vec![0; VERSION_BYTES + TAG_BYTES];
    loaded.chain.to_bytes().pack(&mut state);
    loaded.user.pack(&mut state);
    let (head, body) = state.split_at_mut(VERSION_BYTES + TAG_BYTES);
    head[..VERSION_BYTES].copy_from_slice(&STATE_VERSION.to_be_bytes());
    head[VERSION_BYTES..].copy_from_slice(&keyring.snapshot_mac(subject.as_str(), seq.0, STATE_VERSION, body));
    Some(Snapshot { seq, state: state.into() })
}

pub(super) fn open(keyring: &Keyring, subject: &Subject, snapshot: &Snapshot) -> Result<Loaded, Unusable> {
    let (version, rest) = snapshot.state.split_first_chunk::<VERSION_BYTES>().ok_or(Unusable::Unreadable)?;
    if u16::from_be_bytes(*version) != STATE_VERSION {
        return Err(Unusable::OtherVersion);
    }
    let (tag, body) = rest.split_first_chunk::<TAG_BYTES>().ok_or(Unusable::Unreadable)?;
    let ours = keyring.snapshot_mac(subject.as_str(), snapshot.seq.0, STATE_VERSION, body);
    if !constant_time_eq(&ours, tag) {
        return Err(Unusable::NotOurs);
    }
    let mut from = Unpacker::new(body);
    let read = (|| Some((<[u8; 32]>::unpack(&mut from)?, User::unpack(&mut from)?)))();
    match read {
        Some((chain, user)) if from.is_at_end() => {
            Ok(Loaded { user, head: Some(snapshot.seq), chain: Chain::from_bytes(chain), unsaved: 0 })
        }
        Some(_) | None => Err(Unusable::Unreadable),
    }
}

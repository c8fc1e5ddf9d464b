//! Sums of hashes of audit rows, block by block.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use twofold_domain::{Sealed, UserToken};
use twofold_event_log::Seq;

use crate::codec::mode_text;
use crate::rows::AuditRow;

/// Positions that share one sum.
pub(super) const BLOCK: u64 = 64;

/// Count and sum of the rows of each block. Equal sums of equal counts mean equal rows, whatever their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Digests(BTreeMap<u64, (u64, u128)>);

impl Digests {
    pub fn add(&mut self, row: &AuditRow) {
        let sum = self.0.entry(row.seq.0 / BLOCK).or_default();
        *sum = (sum.0 + 1, sum.1.wrapping_add(hash(row)));
    }

    pub fn rows(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// First and last position of every block that differs.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (Seq, Seq)> + 'a {
        let mine = self.0.iter().filter(|(block, sum)| other.0.get(*block) != Some(*sum)).map(|(block, _)| *block);
        let theirs = other.0.keys().filter(|block| !self.0.contains_key(*block)).copied();
        mine.chain(theirs).map(|block| (Seq(block * BLOCK), Seq(block * BLOCK + BLOCK - 1)))
    }
}

/// Without the chain, which passes over shares of the users and messages cannot put together: see `chain`.
fn hash(row: &AuditRow) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(row.seq.0.to_be_bytes());
    hasher.update(row.idx.to_be_bytes());
    hasher.update(row.at.as_millis().to_be_bytes());
    let details = row.details.to_string();
    let texts = [
        Some(row.tenant.as_str()),
        Some(mode_text(row.mode)),
        row.user.as_ref().map(UserToken::as_str),
        Some(&*row.kind),
        Some(row.actor.name()),
        row.actor_token.as_ref().map(UserToken::as_str),
        row.request_id.as_deref(),
        row.method.as_deref(),
        row.reason.as_deref(),
        Some(&details),
    ];
    for field in
        texts.map(|text| text.map(str::as_bytes)).into_iter().chain([row.private.as_ref().map(Sealed::as_bytes)])
    {
        // Absent and empty differ, and no field runs into the next.
        hasher.update(field.map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
        hasher.update(field.unwrap_or_default());
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize()[..16]);
    u128::from_be_bytes(half)
}

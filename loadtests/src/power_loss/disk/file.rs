//! One file as its readers see it, and as a power loss would leave it.

use std::collections::BTreeMap;

use super::page::{Content, PAGE, Page, SECTOR, blank, locate};
use super::survival::Survival;
use crate::random::Dice;

/// A file.
///
/// Every change has a number. A sync copies what is not durable yet when it begins and makes that durable when it ends,
/// so what is written while it runs is not covered by it, and of two syncs at once the older never undoes the newer.
#[derive(Debug, Default)]
pub struct File {
    /// What readers see.
    now: Content,
    /// What is on the disk.
    durable: Content,
    changes: u64,
    /// Pages that differ from the disk, with the number of their last change.
    dirty: BTreeMap<u64, u64>,
    len_changed: u64,
    durable_pages: BTreeMap<u64, u64>,
    durable_len: u64,
}

/// What a sync that has begun will make durable.
#[derive(Debug)]
pub struct Copied {
    len: (u64, u64),
    /// Number, change, bytes; `None` is a page cut off by a truncation.
    pages: Vec<(u64, u64, Option<Page>)>,
}

impl File {
    /// Bytes.
    pub fn len(&self) -> u64 {
        self.now.len
    }

    /// Whether a power loss would take something.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || self.now.len != self.durable.len
    }

    /// At most `size` bytes.
    pub fn read(&self, offset: u64, size: usize) -> Vec<u8> {
        self.now.read(offset, size)
    }

    /// Writes, and lengthens the file when it must.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        let change = self.change();
        let mut done = 0;
        while done < bytes.len() {
            let (number, start) = locate(offset + done as u64);
            let end = PAGE.min(start + bytes.len() - done);
            let page = self.now.pages.entry(number).or_insert_with(blank);
            page[start..end].copy_from_slice(&bytes[done..done + end - start]);
            self.dirty.insert(number, change);
            done += end - start;
        }
        let end = offset + bytes.len() as u64;
        if end > self.now.len {
            self.now.len = end;
            self.len_changed = change;
        }
    }

    /// Cuts or lengthens the file.
    pub fn truncate(&mut self, len: u64) {
        let change = self.change();
        self.now.len = len;
        for number in self.now.trim() {
            self.dirty.insert(number, change);
        }
        self.len_changed = change;
    }

    /// The beginning of a sync.
    pub fn begin_sync(&self) -> Copied {
        let copy = |(&number, &change): (&u64, &u64)| (number, change, self.now.pages.get(&number).cloned());
        Copied { len: (self.now.len, self.len_changed), pages: self.dirty.iter().map(copy).collect() }
    }

    /// The end of a sync.
    pub fn end_sync(&mut self, copied: Copied) {
        for (number, change, page) in copied.pages {
            let newest = self.durable_pages.entry(number).or_default();
            if *newest < change {
                *newest = change;
                put(&mut self.durable, number, page);
            }
            if self.dirty.get(&number) == Some(&change) {
                self.dirty.remove(&number);
            }
        }
        let (len, change) = copied.len;
        if self.durable_len <= change {
            self.durable_len = change;
            self.durable.len = len;
        }
    }

    /// The power fails: only what is durable stays, and by chance some of the rest.
    pub fn cut(&mut self, survival: Survival, dice: &mut Dice) {
        let dirty = std::mem::take(&mut self.dirty);
        if survival == Survival::Some {
            for number in dirty.into_keys() {
                let page = survive(self.durable.pages.get(&number), self.now.pages.get(&number), dice);
                put(&mut self.durable, number, page);
            }
            let (short, long) = (self.durable.len.min(self.now.len), self.durable.len.max(self.now.len));
            self.durable.len = match dice.below(3) {
                0 => self.durable.len,
                1 => self.now.len,
                _ => dice.between(short, long),
            };
        }
        self.durable.trim();
        self.now = self.durable.clone();
    }

    fn change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }
}

fn put(content: &mut Content, number: u64, page: Option<Page>) {
    match page {
        Some(page) => content.pages.insert(number, page),
        None => content.pages.remove(&number),
    };
}

/// A page that was not synced: the old one, the new one, or sectors of both.
fn survive(old: Option<&Page>, new: Option<&Page>, dice: &mut Dice) -> Option<Page> {
    match dice.below(3) {
        0 => old.cloned(),
        1 => new.cloned(),
        _ => {
            let mut mixed = old.cloned().unwrap_or_else(blank);
            let new = new.cloned().unwrap_or_else(blank);
            for (mixed, new) in mixed.chunks_mut(SECTOR).zip(new.chunks(SECTOR)) {
                if dice.percent(50) {
                    mixed.copy_from_slice(new);
                }
            }
            Some(mixed)
        }
    }
}

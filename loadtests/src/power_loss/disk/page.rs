//! The bytes of one file, in pages.

use std::collections::BTreeMap;

/// The unit in which the disk keeps or loses what was written, in bytes.
pub const PAGE: usize = 4096;

/// The unit that a disk writes whole or not at all, in bytes.
pub const SECTOR: usize = 512;

/// One page. Absent ones are zeros.
pub type Page = Box<[u8]>;

/// A length and the pages that were written.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Bytes.
    pub len: u64,
    /// By page number.
    pub pages: BTreeMap<u64, Page>,
}

/// A page of zeros.
pub fn blank() -> Page {
    vec![0; PAGE].into_boxed_slice()
}

/// The page a byte is in, and where in it.
pub fn locate(offset: u64) -> (u64, usize) {
    const BYTES: u64 = PAGE as u64;
    (offset / BYTES, usize::try_from(offset % BYTES).unwrap_or(0))
}

impl Content {
    /// At most `size` bytes from `offset`; fewer at the end of the file.
    pub fn read(&self, offset: u64, size: usize) -> Vec<u8> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let size = size.min(left);
        let mut out = Vec::with_capacity(size);
        while out.len() < size {
            let (number, start) = locate(offset + out.len() as u64);
            let end = PAGE.min(start + size - out.len());
            match self.pages.get(&number) {
                Some(page) => out.extend_from_slice(&page[start..end]),
                None => out.resize(out.len() + end - start, 0),
            }
        }
        out
    }

    /// Forgets what is beyond the length, so that it never comes back as something else than zeros. Answers the pages
    /// that it changed.
    pub fn trim(&mut self) -> Vec<u64> {
        let (last, keep) = locate(self.len);
        let mut changed = Vec::new();
        if let Some(page) = self.pages.get_mut(&last) {
            page[keep..].fill(0);
            changed.push(last);
        }
        changed.extend(self.pages.split_off(&(last + 1)).into_keys());
        changed
    }
}

//! A disk in memory that forgets, when its power fails, what was not synced.
//!
//! The model is that of a journalling file system such as ext4 or XFS, without its kindnesses:
//! - bytes and length of a file are durable once a sync that began after they were written has ended. Writes through
//!   `O_SYNC` and `O_DSYNC` sync themselves. Nothing is written back on its own;
//! - creating, renaming and removing go into one journal, in order. Each is whole or not at all. Any sync, of a file or
//!   of a directory, makes all earlier ones durable. (The standard promises less: a name only with its directory. No
//!   journalling file system of Linux does less than this.)
//! - a name that is durable without a sync of its file is an empty file: renaming over another file does not write the
//!   new one, which ext4 would do;
//! - owner and permissions are always durable. There are no hard links and no symbolic ones.

mod file;
mod names;
mod page;
mod survival;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};

use fuser::Errno;

use self::file::{Copied, File};
use self::names::Names;
pub use self::names::{Node, ROOT};
pub use self::survival::Survival;
use crate::random::Dice;

/// The disk.
#[derive(Debug)]
pub struct Disk {
    names: Names,
    files: HashMap<Node, File>,
    next: Node,
    /// Syncs that began before this was raised end for nothing.
    era: u64,
}

/// A sync that has begun.
#[derive(Debug)]
pub struct Sync {
    era: u64,
    changes: u64,
    file: Option<(Node, Copied)>,
}

/// What a power loss destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Damage {
    /// Files with something that was not synced.
    pub files: u64,
    /// Changes of names that were not durable.
    pub names: u64,
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self { names: Names::new(), files: HashMap::new(), next: ROOT + 1, era: 0 }
    }

    /// The node of a name.
    pub fn find(&self, parent: Node, name: &OsStr) -> Result<Node, Errno> {
        self.names.find(parent, name)
    }

    /// The names of a directory.
    pub fn list(&self, node: Node) -> Result<&BTreeMap<OsString, Node>, Errno> {
        self.names.list(node)
    }

    /// Whether a node is a directory.
    pub fn is_directory(&self, node: Node) -> bool {
        self.names.is_directory(node)
    }

    /// Makes an empty file or directory.
    pub fn create(&mut self, parent: Node, name: &OsStr, directory: bool) -> Result<Node, Errno> {
        let node = self.next;
        self.names.link(parent, name, node, directory)?;
        self.next += 1;
        if !directory {
            self.files.insert(node, File::default());
        }
        Ok(node)
    }

    /// Takes a name away. Whoever has the file open keeps it.
    pub fn remove(&mut self, parent: Node, name: &OsStr, directory: bool) -> Result<(), Errno> {
        self.names.unlink(parent, name, directory)
    }

    /// Renames.
    pub fn rename(&mut self, from: (Node, &OsStr), to: (Node, &OsStr), replace: bool) -> Result<(), Errno> {
        self.names.rename(from, to, replace)
    }

    /// A file.
    pub fn file(&self, node: Node) -> Result<&File, Errno> {
        self.files.get(&node).ok_or(Errno::EISDIR)
    }

    /// A file, to be changed.
    pub fn file_mut(&mut self, node: Node) -> Result<&mut File, Errno> {
        self.files.get_mut(&node).ok_or(Errno::EISDIR)
    }

    /// Begins a sync of a file or directory. What it covers is decided now.
    pub fn begin_sync(&self, node: Node) -> Sync {
        let file = self.files.get(&node).map(|file| (node, file.begin_sync()));
        Sync { era: self.era, changes: self.names.changes(), file }
    }

    /// Ends a sync: what it covers is durable, unless the power failed in between.
    pub fn end_sync(&mut self, sync: Sync) -> Result<(), Errno> {
        if sync.era != self.era {
            return Err(Errno::EIO);
        }
        self.names.commit(sync.changes);
        if let Some((node, copied)) = sync.file
            && let Some(file) = self.files.get_mut(&node)
        {
            file.end_sync(copied);
        }
        Ok(())
    }

    /// Syncs that are under way make nothing durable: their sender was killed while the disk was slow.
    pub fn abandon_syncs(&mut self) {
        self.era += 1;
    }

    /// The power fails.
    pub fn cut(&mut self, survival: Survival, dice: &mut Dice) -> Damage {
        self.abandon_syncs();
        let names = self.names.waiting();
        if survival == Survival::Some {
            let kept = dice.below(names + 1);
            self.names.commit(self.names.changes() - names + kept);
        }
        self.names.cut();
        let alive: HashSet<Node> = self.names.nodes().collect();
        self.files.retain(|node, _| alive.contains(node));
        let mut files = 0;
        // In the order of the nodes, so that the same seed does the same.
        let mut nodes: Vec<Node> = self.files.keys().copied().collect();
        nodes.sort_unstable();
        for node in nodes {
            if let Some(file) = self.files.get_mut(&node) {
                files += u64::from(file.is_dirty());
                file.cut(survival, dice);
            }
        }
        Damage { files, names }
    }
}

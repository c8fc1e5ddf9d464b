//! Directories, and the journal of changes to them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};

use fuser::Errno;

/// A file or directory.
pub type Node = u64;

/// The root directory.
pub const ROOT: Node = 1;

type Directory = BTreeMap<OsString, Node>;

#[derive(Debug, Clone)]
struct Tree(BTreeMap<Node, Directory>);

/// One change, whole or not at all.
#[derive(Debug, Clone)]
enum Change {
    Link { parent: Node, name: OsString, node: Node, directory: bool },
    Unlink { parent: Node, name: OsString },
    Move { from: (Node, OsString), to: (Node, OsString) },
}

/// Which names there are, and which of them are durable.
#[derive(Debug)]
pub struct Names {
    now: Tree,
    durable: Tree,
    journal: VecDeque<Change>,
    /// Changes that have become durable since the beginning.
    committed: u64,
}

impl Names {
    /// An empty root.
    pub fn new() -> Self {
        let tree = Tree(BTreeMap::from([(ROOT, Directory::new())]));
        Self { now: tree.clone(), durable: tree, journal: VecDeque::new(), committed: 0 }
    }

    /// The node of a name.
    pub fn find(&self, parent: Node, name: &OsStr) -> Result<Node, Errno> {
        self.list(parent)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    /// A directory.
    pub fn list(&self, node: Node) -> Result<&BTreeMap<OsString, Node>, Errno> {
        self.now.0.get(&node).ok_or(Errno::ENOTDIR)
    }

    /// Whether a node is a directory.
    pub fn is_directory(&self, node: Node) -> bool {
        self.now.0.contains_key(&node)
    }

    /// Gives a new node its name.
    pub fn link(&mut self, parent: Node, name: &OsStr, node: Node, directory: bool) -> Result<(), Errno> {
        if self.list(parent)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.apply(Change::Link { parent, name: name.to_owned(), node, directory });
        Ok(())
    }

    /// Takes a name away; `directory` says what it must be.
    pub fn unlink(&mut self, parent: Node, name: &OsStr, directory: bool) -> Result<(), Errno> {
        let node = self.find(parent, name)?;
        self.may_go(node, directory)?;
        self.apply(Change::Unlink { parent, name: name.to_owned() });
        Ok(())
    }

    /// Renames, over another one of its kind if there is one.
    pub fn rename(&mut self, from: (Node, &OsStr), to: (Node, &OsStr), replace: bool) -> Result<(), Errno> {
        let node = self.find(from.0, from.1)?;
        match self.list(to.0)?.get(to.1) {
            Some(_) if !replace => return Err(Errno::EEXIST),
            Some(&other) if other == node => return Ok(()),
            Some(&other) => self.may_go(other, self.is_directory(node))?,
            None => {}
        }
        self.apply(Change::Move { from: (from.0, from.1.to_owned()), to: (to.0, to.1.to_owned()) });
        Ok(())
    }

    /// How many changes there have been: what a sync that begins now covers.
    pub fn changes(&self) -> u64 {
        self.committed + self.journal.len() as u64
    }

    /// Makes the first so many changes durable.
    pub fn commit(&mut self, changes: u64) {
        while self.committed < changes
            && let Some(change) = self.journal.pop_front()
        {
            self.durable.apply(change);
            self.committed += 1;
        }
    }

    /// Changes that are not durable.
    pub fn waiting(&self) -> u64 {
        self.journal.len() as u64
    }

    /// The power fails: only what is durable stays.
    pub fn cut(&mut self) {
        self.journal.clear();
        self.now = self.durable.clone();
    }

    /// Every node that still has a name.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.now.0.values().flat_map(|directory| directory.values().copied())
    }

    fn apply(&mut self, change: Change) {
        self.now.apply(change.clone());
        self.journal.push_back(change);
    }

    fn may_go(&self, node: Node, directory: bool) -> Result<(), Errno> {
        match (self.now.0.get(&node), directory) {
            (None, false) => Ok(()),
            (Some(_), false) => Err(Errno::EISDIR),
            (None, true) => Err(Errno::ENOTDIR),
            (Some(content), true) if content.is_empty() => Ok(()),
            (Some(_), true) => Err(Errno::ENOTEMPTY),
        }
    }
}

impl Tree {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Link { parent, name, node, directory } => {
                self.put(parent, name, node);
                if directory {
                    self.0.insert(node, Directory::new());
                }
            }
            Change::Unlink { parent, name } => {
                self.take(parent, &name);
            }
            Change::Move { from, to } => {
                if let Some(node) = self.0.get_mut(&from.0).and_then(|directory| directory.remove(&from.1)) {
                    self.take(to.0, &to.1);
                    self.put(to.0, to.1, node);
                }
            }
        }
    }

    fn put(&mut self, parent: Node, name: OsString, node: Node) {
        if let Some(directory) = self.0.get_mut(&parent) {
            directory.insert(name, node);
        }
    }

    fn take(&mut self, parent: Node, name: &OsStr) {
        if let Some(node) = self.0.get_mut(&parent).and_then(|directory| directory.remove(name)) {
            self.0.remove(&node);
        }
    }
}

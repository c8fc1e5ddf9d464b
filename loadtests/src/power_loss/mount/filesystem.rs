//! The requests of the kernel.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use parking_lot::Mutex;

use super::attributes::{self, Owner};
use super::state::State;

/// How long the kernel may remember: only it changes anything, and a restart mounts anew.
const REMEMBER: Duration = Duration::from_mins(1);

/// `O_DSYNC`, which `O_SYNC` contains, on the architectures this is run on.
const O_DSYNC: i32 = 0o10_000;

/// What is told of the room on the disk: 64 GiB, nearly empty.
const BLOCKS: u64 = 16 << 20;
const BLOCK_BYTES: u32 = 4096;

type Listing = Arc<[(INodeNo, FileType, OsString)]>;

/// Serves requests from the shared state.
#[derive(Debug)]
pub struct Requests {
    state: Arc<State>,
    /// Open directories, each as it was when it was opened.
    listings: Mutex<HashMap<u64, Listing>>,
    next_listing: AtomicU64,
}

impl Requests {
    /// For one mount.
    pub fn new(state: Arc<State>) -> Self {
        Self { state, listings: Mutex::default(), next_listing: AtomicU64::new(1) }
    }

    fn create(&self, req: &Request, at: (INodeNo, &OsStr), mode: u32, directory: bool) -> Result<FileAttr, Errno> {
        let mut inner = self.state.enter()?;
        let node = inner.disk.create(at.0.0, at.1, directory)?;
        let owner = Owner { uid: req.uid(), gid: req.gid(), perm: attributes::permissions(mode) };
        inner.owners.insert(node, owner);
        attributes::of(&inner, node)
    }

    fn write(&self, node: INodeNo, offset: u64, bytes: &[u8], flags: OpenFlags) -> Result<u32, Errno> {
        self.state.enter()?.disk.file_mut(node.0)?.write(offset, bytes);
        if flags.0 & O_DSYNC != 0 {
            self.state.sync(node.0)?;
        }
        u32::try_from(bytes.len()).map_err(|_| Errno::EINVAL)
    }

    fn listing(&self, node: INodeNo) -> Result<u64, Errno> {
        let inner = self.state.enter()?;
        let entries = inner.disk.list(node.0)?.iter().map(|(name, &node)| {
            let kind = if inner.disk.is_directory(node) { FileType::Directory } else { FileType::RegularFile };
            (INodeNo(node), kind, name.clone())
        });
        let handle = self.next_listing.fetch_add(1, Ordering::Relaxed);
        self.listings.lock().insert(handle, entries.collect());
        Ok(handle)
    }
}

fn empty(reply: ReplyEmpty, result: Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn entry(reply: ReplyEntry, result: Result<FileAttr, Errno>) {
    match result {
        Ok(attr) => reply.entry(&REMEMBER, &attr, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn attr(reply: ReplyAttr, result: Result<FileAttr, Errno>) {
    match result {
        Ok(attr) => reply.attr(&REMEMBER, &attr),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Requests {
    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.state.enter().and_then(|inner| attributes::of(&inner, inner.disk.find(parent.0, name)?));
        entry(reply, found);
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        attr(reply, self.state.enter().and_then(|inner| attributes::of(&inner, ino.0)));
    }

    fn setattr(
        &self,
        _req: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let changed = self.state.enter().and_then(|mut inner| {
            if let Some(size) = size {
                inner.disk.file_mut(ino.0)?.truncate(size);
            }
            if let Some(owner) = inner.owners.get_mut(&ino.0) {
                owner.perm = mode.map_or(owner.perm, attributes::permissions);
                owner.uid = uid.unwrap_or(owner.uid);
                owner.gid = gid.unwrap_or(owner.gid);
            }
            attributes::of(&inner, ino.0)
        });
        attr(reply, changed);
    }

    fn mkdir(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        entry(reply, self.create(req, (parent, name), mode & !umask, true));
    }

    fn unlink(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.state.enter().and_then(|mut inner| inner.disk.remove(parent.0, name, false)));
    }

    fn rmdir(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.state.enter().and_then(|mut inner| inner.disk.remove(parent.0, name, true)));
    }

    fn rename(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if flags.contains(RenameFlags::RENAME_EXCHANGE) {
            return reply.error(Errno::EINVAL);
        }
        let replace = !flags.contains(RenameFlags::RENAME_NOREPLACE);
        let (from, to) = ((parent.0, name), (newparent.0, newname));
        empty(reply, self.state.enter().and_then(|mut inner| inner.disk.rename(from, to, replace)));
    }

    fn create(
        &self,
        req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match Self::create(self, req, (parent, name), mode & !umask, false) {
            Ok(attr) => reply.created(&REMEMBER, &attr, Generation(0), FileHandle(0), FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.state.enter().and_then(|inner| Ok(inner.disk.file(ino.0)?.read(offset, size as usize))) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match Self::write(self, ino, offset, data, flags) {
            Ok(size) => reply.written(size),
            Err(error) => reply.error(error),
        }
    }

    /// Closing a file makes nothing durable.
    fn flush(&self, _req: &Request, _ino: INodeNo, _fh: FileHandle, _lock_owner: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        empty(reply, self.state.sync(ino.0));
    }

    fn fsyncdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        empty(reply, self.state.sync(ino.0));
    }

    fn opendir(&self, _req: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        match self.listing(ino) {
            Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
    }

    fn readdir(&self, _req: &Request, _ino: INodeNo, fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listing = self.listings.lock().get(&fh.0).cloned().unwrap_or_default();
        for (index, (node, kind, name)) in (1..).zip(listing.iter()).skip(usize::try_from(offset).unwrap_or(0)) {
            if reply.add(*node, index, *kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(&self, _req: &Request, _ino: INodeNo, fh: FileHandle, _flags: OpenFlags, reply: ReplyEmpty) {
        self.listings.lock().remove(&fh.0);
        reply.ok();
    }

    fn statfs(&self, _req: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCK_BYTES, 255, BLOCK_BYTES);
    }
}

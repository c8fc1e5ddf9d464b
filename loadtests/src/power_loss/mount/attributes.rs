//! What `stat` tells.

use std::time::UNIX_EPOCH;

use fuser::{Errno, FileAttr, FileType, INodeNo};

use super::super::disk::Node;
use super::state::Inner;

/// Owner and permissions of a node.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub perm: u16,
}

/// The permission bits of a mode.
pub fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).unwrap_or(0o600)
}

/// The attributes of a node. All its times are the beginning of time: nothing here asks for them.
pub fn of(inner: &Inner, node: Node) -> Result<FileAttr, Errno> {
    let (kind, size) = if inner.disk.is_directory(node) {
        (FileType::Directory, 0)
    } else {
        (FileType::RegularFile, inner.disk.file(node).map_err(|_| Errno::ENOENT)?.len())
    };
    // The root has no maker; whoever may mount may use it.
    let owner = inner.owners.get(&node).copied().unwrap_or(Owner { uid: 0, gid: 0, perm: 0o777 });
    Ok(FileAttr {
        ino: INodeNo(node),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: owner.perm,
        nlink: 1,
        uid: owner.uid,
        gid: owner.gid,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    })
}

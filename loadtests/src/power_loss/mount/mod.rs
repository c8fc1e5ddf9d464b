//! The disk as a mounted file system, and the switch that cuts its power.

mod attributes;
mod filesystem;
mod reaper;
mod state;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fuser::{BackgroundSession, Config, MountOption, Session};

use self::filesystem::Requests;
use self::reaper::Reaper;
use self::state::State;
use super::disk::{Damage, Survival};
use crate::random::Dice;

/// Requests served at once: a sync that takes its time must not stand in the way of the others.
const THREADS: usize = 4;

/// A disk under a folder. Dropped, the folder is empty again.
#[derive(Debug)]
pub struct Machine {
    state: Arc<State>,
    folder: PathBuf,
    session: Option<BackgroundSession>,
    /// Held for its drop only.
    #[expect(dead_code, reason = "unmounts when this process ends without doing so")]
    reaper: Reaper,
}

impl Machine {
    /// Mounts an empty disk. Each sync takes `sync_takes`, as it would on a real one.
    ///
    /// # Errors
    /// No `/dev/fuse`, or no right to mount: that is root's, or anybody's with `fusermount3` installed.
    pub fn start(folder: &Path, sync_takes: Duration) -> io::Result<Self> {
        let state = Arc::new(State::new(sync_takes));
        let session = mount(&state, folder)?;
        Ok(Self { state, folder: folder.to_owned(), session: Some(session), reaper: Reaper::watch(folder)? })
    }

    /// Where the disk is mounted.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How long a sync takes.
    pub fn sync_takes(&self) -> Duration {
        self.state.sync_takes()
    }

    /// The power fails at this moment: what is on the disk is decided, and whoever uses it waits for ever. Kill them,
    /// then call [`Machine::restart`].
    pub fn cut_power(&self, survival: Survival, dice: &mut Dice) -> Damage {
        self.state.cut(survival, dice)
    }

    /// The disk stands still, and syncs under way come to nothing; what was written is still to be read. Kill whoever
    /// uses it, then call [`Machine::bury`] and [`Machine::go_on`].
    pub fn stall(&self) {
        self.state.stall();
    }

    /// The disk works again; those that waited are dead.
    pub fn go_on(&self) {
        self.state.restart();
    }

    /// Ends the waiting of requests whose senders have been killed, so that the kernel can bury them.
    pub fn bury(&self) {
        self.state.bury();
    }

    /// Mounts the disk again with what survived. Nobody may have anything of it open.
    pub fn restart(&mut self) -> Result<()> {
        self.unmount()?;
        self.state.restart();
        self.session = Some(mount(&self.state, &self.folder).context("mounting again")?);
        Ok(())
    }

    /// Mounts an empty disk instead. Nobody may have anything of the old one open.
    pub fn format(&mut self) -> Result<()> {
        self.unmount()?;
        self.state.format();
        self.session = Some(mount(&self.state, &self.folder).context("mounting again")?);
        Ok(())
    }

    fn unmount(&mut self) -> Result<()> {
        match self.session.take() {
            Some(session) => session.umount_and_join().context("unmounting"),
            None => Ok(()),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.state.bury();
        // What is left mounted here is the reaper's.
        drop(self.unmount());
    }
}

fn mount(state: &Arc<State>, folder: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("twofold-power-loss".to_owned()), MountOption::NoAtime];
    config.n_threads = Some(THREADS);
    Session::new(Requests::new(Arc::clone(state)), folder, &config)?.spawn()
}

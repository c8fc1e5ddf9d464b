//! Unmounts when this process is killed: a mount outlives the program that serves it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits for the end of its input, which is the end of this process at the latest.
#[derive(Debug)]
pub struct Reaper(Child);

/// Detaches whatever is mounted; quietly, for mostly nothing is.
const SCRIPT: &str = r#"cat; umount -l "$1" || fusermount3 -u -z "$1"; rmdir "$1""#;

impl Reaper {
    /// Looks after a folder.
    pub fn watch(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(folder);
        // A group of its own: it must outlive a signal to the whole group of the run.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

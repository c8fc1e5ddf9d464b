//! A server process that ends with its test, however the test ends.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::wait;

/// Waits for the end of its input. A line means that all is well; without one the test died and left its server, whose
/// directory goes too. The server gets five seconds to tidy up when it is asked with a signal other than `KILL`.
const REAPER: &str = r#"
read -r word && exit 0
kill -CONT "$1"; kill -"$2" "$1"
tries=0
while [ "$2" != KILL ] && kill -0 "$1" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL "$1"
[ -z "$3" ] || rm -rf -- "$3"
"#;

/// A running server.
#[derive(Debug)]
pub struct Process {
    child: Child,
    reaper: Option<(Child, ChildStdin)>,
    farewell: &'static str,
}

impl Process {
    /// Starts it. `farewell` is the signal that ends it when the test is over; `home` is removed when the test dies.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub fn spawn(command: &mut Command, farewell: &'static str, home: Option<&Path>) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {command:?}"))?;
        let mut process = Self { child, reaper: None, farewell };
        // A group of its own: it must outlive a signal to the whole group of the test.
        let mut reaper = Command::new("sh")
            .args(["-c", REAPER, "reaper", &process.pid().to_string(), farewell])
            .arg(home.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("starting sh")?;
        let pipe = reaper.stdin.take().context("a reaper without a pipe")?;
        process.reaper = Some((reaper, pipe));
        Ok(process)
    }

    /// Its id; of the last one when it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends a signal by name, such as `STOP`.
    pub fn signal(&self, name: &str) -> Result<()> {
        signal(self.pid(), name)
    }

    /// Stops it, and waits until none of its threads runs: the signal alone leaves them a moment.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")?;
        let threads = PathBuf::from(format!("/proc/{}/task", self.pid()));
        wait::until("a stopped process", wait::STARTED, || {
            // Where there is no such directory there is nothing better to ask.
            let Ok(threads) = fs::read_dir(&threads) else { return Ok(true) };
            Ok(threads.flatten().all(|thread| {
                let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
                // After the name, which may hold anything.
                stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
            }))
        })
    }

    /// Ends it at once and waits until it has gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.gone();
    }

    fn gone(&mut self) {
        let _ = self.child.wait();
        if let Some((mut reaper, mut pipe)) = self.reaper.take() {
            let _ = pipe.write_all(b"well\n");
            let _ = reaper.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.farewell == "KILL" || !matches!(self.ended(), Ok(None)) {
            return self.kill();
        }
        // A stopped process hears no other signal.
        let _ = self.signal("CONT");
        let _ = self.signal(self.farewell);
        self.gone();
    }
}

/// Sends a signal by name. The shell's own `kill`: not every machine has the program.
///
/// # Errors
/// No such process.
pub(crate) fn signal(pid: u32, name: &str) -> Result<()> {
    let script = format!("kill -{name} {pid}");
    let output = Command::new("sh").args(["-c", &script]).output()?;
    if !output.status.success() {
        bail!("{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

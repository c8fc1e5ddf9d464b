//! The product as an operator runs it: a folder, a settings file, commands, and one serving process.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::clock::eventually;
use super::http::{Connection, request};

const PROGRAM: &str = env!("CARGO_BIN_EXE_twofold");
/// Races of 64 submissions, each for another code.
pub const ROUNDS: usize = 200;
const START_LIMIT: Duration = Duration::from_mins(1);

/// A folder with everything one installation has.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// Two keys of a tenant.
#[derive(Debug, Clone)]
pub struct Keys {
    pub live: String,
    pub test: String,
}

impl Home {
    /// A new installation; `settings` is the text of its settings file.
    pub fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("twofold.toml"), settings).expect("written");
        Self { folder, variables: Vec::new() }
    }

    /// Sets a variable for every process that is started from here.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// Nothing of the environment of the test but where programs lie.
    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        let path = std::env::vars_os().find(|(name, _)| name == "PATH").map(|(_, value)| value).unwrap_or_default();
        command.current_dir(self.folder.path()).env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: exit status, output, error output.
    pub fn run(&self, arguments: &[&str]) -> (ExitStatus, String, String) {
        let output = self.command().arg("--data-dir").arg(self.data()).args(arguments).output().expect("started");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status, text(output.stdout), text(output.stderr))
    }

    /// Runs a command that must succeed and gives its output.
    #[track_caller]
    pub fn must(&self, arguments: &[&str]) -> String {
        let (status, output, errors) = self.run(arguments);
        assert!(status.success(), "{arguments:?}: {status}\n{output}\n{errors}");
        output
    }

    /// Makes a tenant and gives the keys it prints.
    #[track_caller]
    pub fn tenant(&self, name: &str, preset: &str) -> Keys {
        let told = self.must(&["tenant", "create", name, "--preset", preset]);
        let key = |kind: &str| {
            let words = told.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
            let found = words.filter(|word| word.starts_with(kind)).max_by_key(|word| word.len());
            found.unwrap_or_else(|| panic!("no {kind} in {told}")).to_owned()
        };
        Keys { live: key("tf_live_"), test: key("tf_test_") }
    }

    /// Sets a channel of a tenant from a TOML text.
    #[track_caller]
    pub fn channel(&self, tenant: &str, channel: &str, toml: &str) {
        let file = self.write(&format!("{tenant}-{channel}.toml"), toml);
        self.must(&["tenant", "channel", tenant, channel, "--file", file.to_str().expect("UTF-8")]);
    }

    /// Starts the server and waits until it is ready.
    #[track_caller]
    pub fn serve(&self) -> Server {
        let told = self.data().join("listen.addr");
        let _ = fs::remove_file(&told);
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log");
        let errors = log.try_clone().expect("the same log");
        let child = self
            .command()
            .arg("serve")
            .arg("--data-dir")
            .arg(self.data())
            .args(["--listen", "127.0.0.1:0"])
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("started");
        let mut server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        server.address = eventually("the server says where it listens", START_LIMIT, || {
            server.must_run(&self.log_file());
            fs::read_to_string(&told).ok()?.trim().parse().ok()
        });
        eventually("the server is ready", START_LIMIT, || {
            server.must_run(&self.log_file());
            let answer = Connection::open(server.address).ok()?.send(&request("GET", "/readyz", &[], b"")).ok()?;
            (answer.status == 200).then_some(())
        });
        server
    }

    /// Every file below the data folder with its bytes, and the log of the server.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), fs::read(&path).expect("readable")));
                }
            }
        }
        found
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).expect("a log")).into_owned()
    }
}

/// A serving process; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Ends it as a power cut would: no signal it could act on.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    #[track_caller]
    fn must_run(&mut self, log: &Path) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("the server ended: {status}\n{}", fs::read_to_string(log).unwrap_or_default());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

//! A folder of its own for every test, and children that never outlive it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(30);

/// One installation.
pub struct Home {
    folder: TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn code(&self, wanted: i32) -> &Self {
        assert_eq!(self.status.code(), Some(wanted), "{self:?}");
        self
    }
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("twofold-data")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// The program in this folder, without any variable of ours from outside.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twofold"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TWOFOLD__") {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// Starts a server and waits until it is ready.
    pub fn serve(&self) -> Server {
        self.serve_with(|command| command)
    }

    pub fn serve_with(&self, also: impl FnOnce(&mut Command) -> &mut Command) -> Server {
        let told = self.data().join("listen.addr");
        let _ = fs::remove_file(&told);
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut server = self.start(also(&mut command), "serve");
        server.address = eventually("an address", START_LIMIT, || {
            server.must_run();
            fs::read_to_string(&told).ok()?.trim().parse().ok()
        });
        server.ready();
        server
    }

    /// Starts a process whose output is kept under a name, without waiting; it has no address yet.
    pub fn start(&self, command: &mut Command, name: &str) -> Server {
        let (out, err) = (self.path(&format!("{name}.out")), self.path(&format!("{name}.err")));
        command.stdout(fs::File::create(&out).expect("created")).stderr(fs::File::create(&err).expect("created"));
        let child = command.spawn().expect("started");
        Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), out, err }
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { status: output.status, out: text(&output.stdout), err: text(&output.stderr) }
}

/// Waits for a condition, never for a time.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(start.elapsed() < limit, "no {what} within {limit:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A serving process; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    out: PathBuf,
    err: PathBuf,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it is ready.
    #[track_caller]
    pub fn ready(&mut self) {
        eventually("readiness", START_LIMIT, || {
            self.must_run();
            (self.get("/readyz", "").0 == 200).then_some(())
        });
    }

    /// Takes the address from what it logs.
    #[track_caller]
    pub fn listening(&mut self) {
        self.address = eventually("an address", START_LIMIT, || {
            self.must_run();
            let logs = self.logs();
            logs.split_once("address=")?.1.split_once(' ')?.0.parse().ok()
        });
    }

    #[track_caller]
    fn must_run(&mut self) {
        assert!(self.child.try_wait().expect("asked").is_none(), "the process ended: {}", self.logs());
    }

    pub fn out(&self) -> String {
        fs::read_to_string(&self.out).expect("readable")
    }

    pub fn logs(&self) -> String {
        fs::read_to_string(&self.err).expect("readable")
    }

    /// A key that the first start printed.
    #[track_caller]
    pub fn key(&self, prefix: &str) -> String {
        word(&self.out(), prefix)
    }

    pub fn get(&self, path: &str, key: &str) -> (u16, Value) {
        self.ask("GET", path, key, "")
    }

    /// One request on a connection of its own; status 0 when nobody answers.
    pub fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
        let answer = self.exchange(method, path, key, body);
        let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// A number among the metrics, by its name with its labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.exchange("GET", "/metrics", "", "");
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// The whole answer to one request; empty when nobody answers.
    pub fn exchange(&self, method: &str, path: &str, key: &str, body: &str) -> String {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut answer = String::new();
        let talk = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.write_all(head.as_bytes())?;
            stream.write_all(body.as_bytes())?;
            stream.read_to_string(&mut answer).map(drop)
        };
        let _refused = { talk }();
        answer
    }

    /// As a power cut would end it.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    pub fn signal(&self, name: &str) {
        let done =
            Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().expect("kill");
        assert!(done.success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("ended")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The word of a text that starts like this.
#[track_caller]
pub fn word(text: &str, prefix: &str) -> String {
    let found = text.split_whitespace().find(|word| word.starts_with(prefix));
    found.unwrap_or_else(|| panic!("no {prefix} in {text}")).to_owned()
}

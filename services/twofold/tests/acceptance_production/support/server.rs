//! The product as an operator of several machines runs it: a broker, a database, and processes that keep nothing.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use twofold_test_support::{NatsOptions, NatsServer, PostgresServer};

use super::balancer::Balancer;
use super::clock::eventually;
use super::http::{Answer, Connection, request};
use super::nodes;
use super::process::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_twofold");
/// Races of 64 submissions, each for another code: fewer than on one process, for each takes longer.
pub const ROUNDS: usize = 80;
const API_NODES: usize = 3;
/// Everything holds everywhere within a second; a busy machine may take longer.
const EVERYWHERE: Duration = Duration::from_secs(20);

/// A broker, a database, and a folder with nothing but settings and logs.
#[derive(Debug)]
pub struct Home {
    variables: Vec<(String, String)>,
    serving: Arc<Mutex<Vec<SocketAddr>>>,
    starts: AtomicUsize,
    tenants: Mutex<Vec<(String, Keys)>>,
    broker: Arc<Mutex<NatsServer>>,
    _database: PostgresServer,
    folder: TempDir,
}

/// Two keys of a tenant.
#[derive(Debug, Clone)]
pub struct Keys {
    pub live: String,
    pub test: String,
}

impl Home {
    /// A new installation; `settings` is the text of the settings file of every process.
    pub fn new(settings: &str) -> Self {
        let starting = thread::spawn(|| {
            let server = PostgresServer::start().expect("a database server");
            let url = server.create_database().expect("a database");
            (server, url)
        });
        let broker = NatsServer::start(&NatsOptions::default()).expect("a broker");
        let (database, url) = starting.join().expect("no panic");
        let folder = tempfile::tempdir().expect("a folder");
        let (at, monitor) = (broker.url(), broker.monitor());
        let settings = format!(
            "{settings}\n[nats]\nservers = [\"{at}\"]\nmonitors = [\"{monitor}\"]\n[postgres]\nurl = \"{url}\"\n"
        );
        fs::write(folder.path().join("twofold.toml"), settings).expect("written");
        let home = Self {
            variables: vec![("TWOFOLD__MASTER_KEY".to_owned(), "0123456789abcdef".repeat(4))],
            serving: Arc::default(),
            starts: AtomicUsize::new(0),
            tenants: Mutex::default(),
            broker: Arc::new(Mutex::new(broker)),
            _database: database,
            folder,
        };
        home.must(&["init"]);
        home
    }

    /// Sets a variable for every process that is started from here.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
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
        let output = self.command().args(arguments).output().expect("started");
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

    /// Makes a tenant and gives the keys it prints; they work at every process by then.
    #[track_caller]
    pub fn tenant(&self, name: &str, preset: &str) -> Keys {
        let told = self.must(&["tenant", "create", name, "--preset", preset]);
        let key = |kind: &str| {
            let found = told.split_whitespace().find(|word| word.starts_with(kind));
            found.unwrap_or_else(|| panic!("no {kind} in {told}")).to_owned()
        };
        let keys = Keys { live: key("tf_live_"), test: key("tf_test_") };
        locked(&self.tenants).push((name.to_owned(), keys.clone()));
        for key in [&keys.live, &keys.test] {
            self.everywhere("a key", |node| ask(node, "/v1/settings", key).is_some_and(|answer| answer.status == 200));
        }
        keys
    }

    /// Sets a channel of a tenant from a TOML text; it is in force at every process by then.
    #[track_caller]
    pub fn channel(&self, tenant: &str, channel: &str, toml: &str) {
        let file = self.write(&format!("{tenant}-{channel}.toml"), toml);
        self.must(&["tenant", "channel", tenant, channel, "--file", file.to_str().expect("UTF-8")]);
        let keys = locked(&self.tenants).iter().find(|(name, _)| name == tenant).map(|(_, keys)| keys.live.clone());
        let (path, key) = (format!("/v1/channels/{channel}"), keys.expect("a tenant of this home"));
        self.everywhere("a channel", |node| {
            ask(node, &path, &key).is_some_and(|answer| answer.expect(200)["configured"] == true)
        });
    }

    /// Waits for every process that answers panels; none when none runs.
    #[track_caller]
    fn everywhere(&self, what: &str, is_there: impl Fn(SocketAddr) -> bool) {
        for node in locked(&self.serving).clone() {
            eventually(what, EVERYWHERE, || is_there(node).then_some(()));
        }
    }

    /// Starts all processes, and the broker when it was killed, and waits until they are ready.
    #[track_caller]
    pub fn serve(&self) -> Server {
        let start = self.starts.fetch_add(1, Ordering::SeqCst);
        let roles = std::iter::repeat_n("api", API_NODES).chain(["deliver", "project"]).enumerate();
        if start > 0 {
            locked(&self.broker).restart().expect("a broker");
        }
        let mut processes: Vec<Process> = roles
            .map(|(number, role)| {
                let log = self.folder.path().join(format!("{start}-{number}-{role}.log"));
                Process::start(self.command(), role, log)
            })
            .collect();
        let mut addresses: Vec<SocketAddr> = processes.iter_mut().map(Process::ready).collect();
        addresses.truncate(API_NODES);
        let balancer = Balancer::before(addresses.clone());
        nodes::stand_behind(balancer.address, addresses.clone());
        *locked(&self.serving) = addresses;
        Server {
            address: balancer.address,
            balancer: Some(balancer),
            processes,
            broker: Arc::clone(&self.broker),
            serving: Arc::clone(&self.serving),
        }
    }

    /// Every file of the broker with its bytes, but for its own description of streams, which is full of round numbers.
    /// The database holds nothing that is not in the log.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![locked(&self.broker).store_dir().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let describes = path.file_name().is_some_and(|name| name == "meta.inf");
                // A file may be gone again: the broker tidies up while it runs.
                if let (false, Ok(bytes)) = (describes, fs::read(&path)) {
                    found.push((path, bytes));
                }
            }
        }
        assert!(found.iter().any(|(_, bytes)| !bytes.is_empty()), "the broker keeps something");
        found
    }

    /// What all processes have said.
    pub fn log(&self) -> String {
        let logs =
            entries(self.folder.path()).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "log"));
        logs.map(|path| String::from_utf8_lossy(&fs::read(path).expect("a log")).into_owned()).collect()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn ask(node: SocketAddr, path: &str, key: &str) -> Option<Answer> {
    let bearer = format!("Bearer {key}");
    Connection::open(node).ok()?.send(&request("GET", path, &[("authorization", &bearer)], b"")).ok()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All processes, behind one address; killed when dropped.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    balancer: Option<Balancer>,
    processes: Vec<Process>,
    broker: Arc<Mutex<NatsServer>>,
    serving: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Server {
    /// Ends every process and the broker as a power cut would: no signal they could act on.
    pub fn kill(&mut self) {
        locked(&self.broker).kill();
        self.processes.clear();
        self.balancer = None;
        locked(&self.serving).clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        locked(&self.serving).clear();
    }
}

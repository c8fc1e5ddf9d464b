//! `infra/local/up`: the whole production shape with the files of `infra`, each process with its own rights.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use twofold_test_support::python;

use crate::support::{Home, Ran, eventually, ran, word};

const ROLES: [&str; 4] = ["api-1", "api-2", "deliver", "project"];
const ALERTS: &str = include_str!("../../../../infra/prometheus/rules.yaml");
const DASHBOARD: &str = include_str!("../../../../infra/grafana/twofold.json");

/// What `up` has started, until it is told to end.
struct Town {
    up: Child,
    dir: PathBuf,
}

impl Town {
    fn start(home: &Home) -> Self {
        let dir = home.path("town");
        // Should this test die, so does what it started.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(script("up")).arg("--stay").arg(&dir);
        command.env("TWOFOLD_BIN", env!("CARGO_BIN_EXE_twofold")).stdin(Stdio::null()).stdout(Stdio::piped());
        if std::env::var_os("TWOFOLD_NATS_SERVER").is_none() {
            let site = python::packages().expect("a nats-server");
            command.env("TWOFOLD_NATS_SERVER", site.join("bin/nats-server"));
        }
        let mut up = command.spawn().expect("setpriv");
        let mut lines = BufReader::new(up.stdout.take().expect("piped")).lines();
        let told: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.starts_with("Ctrl-C")).collect();
        assert!(told.iter().any(|line| line.contains("runs in the production shape")), "{told:?}");
        // What it says later has somewhere to go.
        std::thread::spawn(move || lines.count());
        Self { up, dir }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.join(name)).expect(name)
    }

    fn port(&self, process: &str) -> u16 {
        let ports = self.read("ports");
        let line = ports.lines().find_map(|line| line.strip_prefix(process)?.strip_prefix(' '));
        line.and_then(|port| port.parse().ok()).expect("a port")
    }

    fn metrics(&self, process: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port(process))).expect("connected");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// A command of the program as a user of the broker.
    fn run_as(&self, home: &Home, user: &str, arguments: &[&str]) -> Ran {
        let summary = self.read("summary");
        let line = summary.lines().find(|line| line.starts_with("env ")).expect("how to run commands");
        let mut command = home.command(arguments);
        command.envs(line.split(' ').filter_map(|word| word.split_once('=')));
        command.env("TWOFOLD__NATS__USER", user);
        command.env("TWOFOLD__NATS__PASSWORD_FILE", self.dir.join(format!("secrets/nats_{user}")));
        ran(&mut command)
    }

    fn violations(&self) -> Vec<String> {
        self.read("logs/nats.log").lines().filter(|line| line.contains("Violation")).map(str::to_owned).collect()
    }

    /// The numbers of all processes, servers included.
    fn processes(&self) -> Vec<String> {
        let files = fs::read_dir(self.dir.join("processes")).expect("a folder");
        let number = |path: &Path| Some(fs::read_to_string(path).ok()?.split_once(' ')?.0.to_owned());
        files.filter_map(|file| number(&file.ok()?.path())).collect()
    }

    fn interrupt(&self) {
        let done = Command::new("kill").arg("-TERM").arg(self.up.id().to_string()).status().expect("kill");
        assert!(done.success());
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        if self.up.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.interrupt();
        }
        let _ended = self.up.wait();
        let _deleted = Command::new(script("down")).arg("--delete").arg(&self.dir).output();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local").join(name)
}

/// The metrics a text names.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = text.match_indices("twofold_").map(|(at, _)| &text[at..]);
    starts.map(|rest| &rest[..rest.find(|c| !of_name(c)).unwrap_or(rest.len())]).collect()
}

/// The samples there will be of metrics that have none yet.
fn announced_in(text: &str) -> Vec<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let samples = types.flat_map(|(name, kind)| {
        let ends: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            _ => &[""],
        };
        ends.iter().map(move |end| format!("{name}{end}"))
    });
    samples.collect()
}

#[test]
fn one_command_starts_everything_with_its_own_rights_and_leaves_nothing() {
    let home = Home::new();
    let mut town = Town::start(&home);
    let key = word(&town.read("keys"), "tf_test_");
    let url = format!("http://127.0.0.1:{}", town.port("api-1"));
    home.run(&["demo", "--url", &url, "--key", &key]).code(0);
    assert_eq!(town.violations(), Vec::<String>::new(), "each role may do all that it does");

    let printed = ROLES.map(|process| town.metrics(process)).concat();
    let announced = announced_in(&printed);
    let mut there = metrics_in(&printed);
    there.extend(announced.iter().map(String::as_str));
    let missing: Vec<_> =
        metrics_in(ALERTS).union(&metrics_in(DASHBOARD)).filter(|name| !there.contains(*name)).copied().collect();
    assert!(missing.is_empty(), "alerts and dashboard name metrics that no process prints: {missing:?}");

    for user in ["deliver", "project"] {
        town.run_as(&home, user, &["tenant", "suspend", "demo"]).code(1);
        let refused = town.violations().concat();
        assert!(refused.contains(&format!("user:{user}\" - Publish Violation")), "{user}: {refused}");
    }
    let tenants = town.run_as(&home, "admin", &["tenant", "list"]);
    assert!(tenants.code(0).out.contains("active") && !tenants.out.contains("suspended"), "{}", tenants.out);

    let processes = town.processes();
    assert_eq!(processes.len(), ROLES.len() + 2, "{processes:?}");
    town.interrupt();
    town.up.wait().expect("ended");
    let left = || processes.iter().all(|process| !Path::new("/proc").join(process).exists()).then_some(());
    eventually("end of every process", Duration::from_secs(5), left);
}

#[test]
fn the_example_of_the_settings_is_valid() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/systemd/production.toml");
    let example = example.to_str().expect("a path");
    let printed = Home::new().run(&["config", "print", "--config", example]);
    assert!(printed.code(0).out.contains("nats://10.0.0.11:4222"), "{}", printed.out);
}

/// Decision 0013: a killed server shows what it had not synced, so everything that starts one syncs first.
#[test]
fn every_way_to_start_the_broker_syncs_before() {
    let ways = [
        include_str!("../../../../infra/local/up"),
        include_str!("../../../../infra/systemd/nats.service"),
        include_str!("../../../../infra/compose/compose.yaml"),
        include_str!("../../../../infra/kubernetes/nats.yaml"),
    ];
    for way in ways {
        let lines: Vec<&str> = way.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
        let starts = |line: &&str| {
            ["start nats \"$nats\"", "ExecStart=", "exec nats-server \""].iter().any(|start| line.contains(start))
        };
        let start = lines.iter().position(starts).expect("it starts a server");
        let before =
            lines[..=start].iter().rev().take(2).any(|line| line.contains("sync ") && !line.starts_with("start"));
        assert!(before, "{:?}", &lines[start.saturating_sub(1)..=start]);
    }
}

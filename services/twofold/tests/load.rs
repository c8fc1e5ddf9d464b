//! Short loads of every scenario on a real server: that every answer is right, and nothing about speed. `twofold-load load`
//! plays long ones.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use twofold_loadtests::load::{Plan, Run, Scenario, run};
use twofold_loadtests::scenarios::{
    Code, CodeSetup, Hostile, Login, Mixed, Storm, Targets, User, UserFile, Users, Verify, into_file, seed,
};
use twofold_test_support::Process;

/// Longest wait for something that must come.
const LIMIT: Duration = Duration::from_mins(1);

/// One process with its data in a folder.
struct Server {
    targets: Arc<Targets>,
    _process: Process,
    folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("serve.log");
        let out = File::create(&log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_twofold"));
        command
            .current_dir(folder.path())
            .args(["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"])
            .env("TWOFOLD__DELIVERY__ALLOW_PRIVATE_NETWORKS", "true")
            .env("TWOFOLD__LOG__LEVEL", "error")
            .stdout(out.try_clone().expect("the same log"))
            .stderr(out);
        let process = Process::spawn(&mut command, "KILL", None).expect("started");
        let address = eventually(|| fs::read_to_string(folder.path().join("data/listen.addr")).ok()).await;
        let address = address.trim();
        let key = eventually(|| word(&log, "tf_live_")).await;
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let targets = Targets::parse(&[format!("http://{address}")], &[key]).expect("loopback");
        Self { targets: Arc::new(targets), _process: process, folder }
    }

    fn targets(&self) -> Arc<Targets> {
        Arc::clone(&self.targets)
    }

    async fn users(&self, prefix: &str, count: u32) -> Vec<User> {
        seed::users(&self.targets, prefix, count, 8, false).await.expect("users")
    }

    async fn pool(&self, count: u32) -> Arc<Users> {
        Users::new(self.users("u", count).await).expect("users")
    }
}

async fn eventually<T>(question: impl Fn() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(answer) = question() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, asked).await.expect("in time")
}

/// The first whole word that begins so.
fn word(file: &Path, prefix: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().flat_map(str::split_whitespace).find(|word| word.starts_with(prefix)).map(ToOwned::to_owned)
}

/// Plays so many operations; every answer must be right, and none refused.
async fn play(scenario: &dyn Scenario, operations: u64) -> Run {
    let plan = Plan { operations: Some(operations), ..Plan::closed(6, 120) };
    let run = run(scenario, &plan, false).await.expect("a run");
    assert!(run.holds(), "{:?} {:#?}", run.counts, run.examples);
    assert_eq!(run.total().refused, 0, "{:?}", run.refusals);
    assert!(run.total().right >= operations, "{:?}", run.counts);
    run
}

fn kinds(run: &Run) -> Vec<&str> {
    run.counts.keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn right_wrong_and_spent_codes_are_each_answered_as_they_must_be() {
    let server = Server::start().await;
    let users = server.pool(320).await;
    let run = play(&Verify::new(server.targets(), users, 1), 300).await;
    assert_eq!(kinds(&run), ["replay", "right", "wrong"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_asks_for_a_code_and_takes_it() {
    let server = Server::start().await;
    let users = server.pool(160).await;
    let run = play(&Login::new(server.targets(), users), 150).await;
    assert_eq!(run.parts.keys().collect::<Vec<_>>(), ["challenge", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_by_mail_and_by_text_message_arrive_and_let_their_users_in() {
    let server = Server::start().await;
    let setup = CodeSetup { users: 60, prefix: "code-1".to_owned(), connections: 6 };
    let scenario = Code::start(server.targets(), &setup).await.expect("sinks and users");
    let run = play(&scenario, 60).await;
    assert_eq!(kinds(&run), ["email", "sms"]);
    assert_eq!(run.parts.keys().collect::<Vec<_>>(), ["delivery", "request", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panels_day_is_answered_rightly_in_every_part() {
    let server = Server::start().await;
    let users = server.pool(420).await;
    let run = play(&Mixed::new(server.targets(), users, "new", 1), 450).await;
    for kind in ["right", "wrong", "login", "enrol", "reset", "recovery", "audit", "user"] {
        assert!(run.counts.contains_key(kind), "no {kind} among {:?}", run.counts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessed_users_are_locked_and_nobody_else_is() {
    let server = Server::start().await;
    let (users, victims) = (server.pool(110).await, server.users("victim", 4).await);
    let storm = Storm { per_second: 200, attackers: 4, seed: 1 };
    let scenario = Hostile::start(server.targets(), users, victims, storm).await.expect("attackers");
    play(&scenario, 100).await;
    let told = eventually(|| Some(scenario.guesses()).filter(|told| told.locked > 20)).await;
    assert_eq!((told.violations, told.unanswered), (0, 0), "{told:?}");
    assert!(told.wrong >= 20, "five for each of four: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn seeding_goes_on_where_it_was_cut_off_and_its_users_can_log_in() {
    let server = Server::start().await;
    let path = server.folder.path().join("users.bin");
    assert_eq!(into_file(&server.targets, &path, 20, 4, false).await.expect("users"), 20);
    // The last user is written down by half, and the one before not at all: both are set up already.
    let length = path.metadata().expect("there").len();
    File::options().write(true).open(&path).and_then(|file| file.set_len(length - 42)).expect("cut");
    assert_eq!(into_file(&server.targets, &path, 30, 4, false).await.expect("users"), 12);
    let users = UserFile::load(&path, 1).expect("users");
    assert_eq!(users.len(), 30);
    let users = Users::new(users).expect("users");
    play(&Login::new(server.targets(), users), 30).await;
}

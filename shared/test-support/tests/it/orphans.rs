use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use serde_json::{Value, json};
use twofold_test_support::{NatsOptions, NatsServer, PostgresServer};

use crate::{eventually, runs};

/// Where the child writes what it started.
const CHILD: &str = "TWOFOLD_TEST_ORPHANS";

/// The test is its own child: with the variable set it starts servers and waits to be killed.
#[test]
fn a_killed_test_leaves_no_server_behind() {
    if let Some(file) = env::var_os(CHILD) {
        return start_and_wait(Path::new(&file));
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("servers.json");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "orphans::a_killed_test_leaves_no_server_behind"])
        .env(CHILD, &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the child has started its servers", || file.exists() || child.try_wait().unwrap().is_some());
    let servers: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let pids: Vec<u32> = serde_json::from_value(servers["pids"].clone()).unwrap();
    assert!(pids.len() == 3 && pids.iter().all(|pid| runs(*pid)), "{servers}");

    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the servers have gone", || !pids.iter().any(|pid| runs(*pid)));
    let homes: Vec<PathBuf> = serde_json::from_value(servers["homes"].clone()).unwrap();
    eventually("their directories have gone", || !homes.iter().any(|home| home.exists()));
}

fn start_and_wait(file: &Path) {
    let nats = NatsServer::start(&NatsOptions::default()).unwrap();
    let paused = NatsServer::start(&NatsOptions::default()).unwrap();
    paused.pause().unwrap();
    let postgres = PostgresServer::start().unwrap();
    let servers = json!({
        "pids": [nats.pid(), paused.pid(), postgres.pid()],
        "homes": [nats.config().parent(), paused.config().parent()],
    });
    let draft = file.with_extension("part");
    fs::write(&draft, servers.to_string()).unwrap();
    fs::rename(draft, file).unwrap();
    loop {
        thread::park();
    }
}

#[test]
fn a_dropped_server_has_gone_with_its_directory() {
    let nats = NatsServer::start(&NatsOptions::default()).unwrap();
    let postgres = PostgresServer::start().unwrap();
    nats.pause().unwrap();
    let (pids, home) = ([nats.pid(), postgres.pid()], nats.config().parent().unwrap().to_owned());
    assert!(pids.into_iter().all(runs) && home.exists());
    drop(postgres);
    drop(nats);
    // Waited for, too: not even their entries in the table are left.
    assert!(!pids.iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists()));
    assert!(!home.exists());
}

//! The first minute with the program.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use crate::support::{Home, eventually, ran};

#[test]
fn the_printed_requests_work_when_pasted_as_they_are() {
    let home = Home::new();
    let server = home.serve();
    let out = server.out();
    let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3, "{out}");
    for (line, wanted) in
        lines.iter().zip(["\"user\":\"alice\"", "\"otpauth_uri\":\"otpauth://totp/", "\"kind\":\"enrolment.started\""])
    {
        // The audit trail is read from tables that follow the log some milliseconds later.
        eventually(wanted, Duration::from_secs(5), || {
            let answer = ran(Command::new("sh").arg("-c").arg(format!("{line} --fail-with-body")));
            answer.code(0).out.contains(wanted).then_some(())
        });
    }
    assert_eq!(server.out(), out, "nothing but the welcome is ever on standard output");
    for key in ["tf_test_", "tf_live_", "tf_op_"].map(|prefix| server.key(prefix)) {
        assert!(!server.logs().contains(&key), "keys are in no log");
    }
}

#[test]
fn only_the_first_start_makes_keys() {
    let home = Home::new();
    drop(home.serve());
    assert_eq!(home.serve().out(), "");
}

#[test]
fn the_folder_is_for_its_owner_alone() {
    let home = Home::new();
    let _server = home.serve();
    let mode = |path: std::path::PathBuf| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(home.data()), 0o700);
    for file in ["master.key", "log.db", "keys.db", "read-model.db", "log.db-wal", "keys.db-wal", "read-model.db-wal"] {
        assert_eq!(mode(home.data().join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_taken_port_is_told_and_uses_no_keys_up() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let refused = home.run(&["serve", "--listen", &address]);
    assert!(refused.code(1).err.contains("choose another with --listen"), "{}", refused.err);
    assert_eq!(refused.out, "");
    assert!(home.serve().out().contains("tf_test_"), "the first start is still to come");
}

//! Starting, stopping, being killed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Home, ran};

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let home = Home::new();
    let server = home.serve();
    let second = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.code(1).err.contains("another `twofold serve` runs on ./twofold-data"), "{}", second.err);
    assert_eq!(second.err.lines().count(), 1, "{}", second.err);
    assert_eq!(server.get("/healthz", "").0, 200);
    server.kill();
    // The kernel gives the lock of a dead process back.
    assert_eq!(home.serve().get("/healthz", "").0, 200);
}

#[test]
fn a_kill_loses_nothing_that_was_answered() {
    let home = Home::new();
    let mut server = home.serve();
    let key = server.key("tf_test_");
    for round in 0..3 {
        let mut before = Vec::new();
        for number in 0..20 {
            let path = format!("/v1/users/u{round}-{number}");
            let (status, user) = server.ask("PUT", &path, &key, "{\"email\":\"a@example.com\"}");
            assert_eq!(status, 200);
            before.push((path, user));
        }
        server.kill();
        server = home.serve();
        for (path, user) in &before {
            assert_eq!(server.get(path, &key), (200, user.clone()), "{path}");
        }
    }
    home.run(&["verify-log"]).code(0);
}

#[test]
fn sigterm_drains_and_ends_with_0() {
    let home = Home::new();
    let server = home.serve();
    let key = server.key("tf_test_");
    // A request under way: its head is sent, its body is not.
    let mut slow = TcpStream::connect(server.address).expect("connected");
    let head = format!(
        "PUT /v1/users/slow HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).expect("written");
    let idle = TcpStream::connect(server.address).expect("connected");
    // The server has taken both once a later one is answered.
    assert_eq!(server.get("/healthz", "").0, 200);
    server.signal("TERM");
    let refused = || (server.get("/healthz", "").0 == 0).then_some(());
    crate::support::eventually("an end of accepting", Duration::from_secs(5), refused);
    slow.write_all(b"}").expect("written");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("read");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
    drop(idle);
    let logs = server.logs();
    let (start, status) = (Instant::now(), server.wait());
    assert!(status.success() && start.elapsed() < Duration::from_secs(9), "{status} {logs}");
    assert!(!home.data().join("listen.addr").exists());
    let server = home.serve();
    assert_eq!(server.get("/v1/users/slow", &key).0, 200);
}

#[test]
fn after_a_restore_the_read_model_is_folded_again() {
    let home = Home::new();
    let server = home.serve();
    let key = server.key("tf_test_");
    assert_eq!(server.ask("PUT", "/v1/users/before", &key, "{}").0, 200);
    server.signal("TERM");
    assert!(server.wait().success());
    let files = ["log.db", "log.db-wal"].map(|name| home.data().join(name));
    let backup = files.clone().map(|path| std::fs::read(path).ok());
    let server = home.serve();
    let (_, written) = server.ask("PUT", "/v1/users/after", &key, "{}");
    let path = format!("/v1/audit?user=after&min_position={}", written["position"]);
    assert_eq!(server.get(&path, &key).1["items"].as_array().map(Vec::len), Some(1));
    server.kill();
    for (path, bytes) in files.iter().zip(backup) {
        match bytes {
            Some(bytes) => std::fs::write(path, bytes).expect("restored"),
            None => std::fs::remove_file(path).unwrap_or_default(),
        }
    }
    let _ = std::fs::remove_file(home.data().join("log.db-shm"));
    let audit = home.run(&["audit"]);
    assert!(audit.code(1).err.contains("run `twofold rebuild`"), "{}", audit.err);
    let server = home.serve();
    assert!(server.logs().contains("the read model is folded again"), "{}", server.logs());
    assert_eq!(server.get("/v1/users/before", &key).0, 200);
    assert_eq!(server.get("/v1/users/after", &key).0, 404);
    home.run(&["verify-log"]).code(0);
}

#[test]
fn another_master_key_is_refused_before_anything_is_read() {
    let home = Home::new();
    drop(home.serve());
    let other = "0123456789abcdef".repeat(4);
    let refused = ran(home.command(&["tenant", "list"]).env("TWOFOLD__MASTER_KEY", &other));
    assert!(refused.code(1).err.contains("this is another master key"), "{}", refused.err);
    assert!(!refused.err.contains(&other));
    std::fs::remove_file(home.data().join("master.key")).expect("removed");
    let missing = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(missing.code(1).err.contains("the master key is missing"), "{}", missing.err);
    assert!(!home.data().join("master.key").exists(), "no new key takes its place");
}

#[test]
fn a_master_key_of_the_environment_leaves_no_file() {
    let home = Home::new();
    let key = "0123456789abcdef".repeat(4);
    let server = home.serve_with(|command| command.env("TWOFOLD__MASTER_KEY", &key));
    assert!(!home.data().join("master.key").exists());
    assert!(!server.logs().contains(&key));
}

#[test]
fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let home = Home::new();
    let server = home.serve();
    let mut stream = TcpStream::connect(server.address).expect("connected");
    let first = "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n";
    let last = "GET /readyz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{first}{first}{last}").as_bytes()).expect("written");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("read");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
    assert!(answers.trim_end().ends_with('}'), "{answers}");
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let home = Home::new();
    let server = home.serve();
    let mut stream = TcpStream::connect(server.address).expect("connected");
    let head = format!("GET /healthz HTTP/1.1\r\nHost: t\r\nX-Long: {}\r\n\r\n", "a".repeat(64 * 1024));
    let _cut_off = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(server.get("/healthz", "").0, 200);
}

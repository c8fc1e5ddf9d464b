//! A load on a server that lies must fail: every answer is checked against the code that was sent.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use twofold_loadtests::load::{Count, Plan, Run, run};
use twofold_loadtests::scenarios::{Targets, User, Users, Verify};
use twofold_test_support::{Reaction, read_request};

/// Answers everything alike.
async fn server(status: u16, body: Value) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, status, body.clone()));
        }
    });
    address
}

async fn converse(mut stream: TcpStream, status: u16, body: Value) {
    let mut buffer = Vec::new();
    while read_request(&mut stream, &mut buffer).await.is_some() {
        if stream.write_all(&Reaction::json(status, &body).bytes()).await.is_err() {
            return;
        }
    }
}

async fn load(status: u16, body: Value) -> Run {
    let url = format!("http://{}", server(status, body).await);
    let targets = Targets::parse(&[url], &["key".to_owned()]).expect("loopback");
    let user = |number| User { prefix: "u".into(), number, tenant: 0, spent: 0, secret: [7; 20] };
    let users = Users::new((0..400).map(user).collect()).expect("users");
    let plan = Plan { operations: Some(300), ..Plan::closed(4, 60) };
    run(&Verify::new(Arc::new(targets), users, 1), &plan, false).await.expect("a run")
}

fn of(run: &Run, kind: &str) -> Count {
    run.counts.get(kind).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_server_that_says_yes_to_everything_fails_the_run_by_wrong_and_spent_codes() {
    let run = load(200, json!({ "verified": true, "purpose": "login" })).await;
    assert!(!run.holds(), "{:?}", run.counts);
    assert!(of(&run, "right").right > 200 && of(&run, "right").wrong == 0, "{:?}", run.counts);
    assert!(of(&run, "wrong").wrong > 0 && of(&run, "wrong").right == 0, "{:?}", run.counts);
    assert!(of(&run, "replay").wrong > 0 && of(&run, "replay").right == 0, "{:?}", run.counts);
    assert!(run.examples.iter().any(|example| example.contains("wrong_code")), "{:?}", run.examples);
}

#[tokio::test]
async fn a_server_that_says_no_to_everything_fails_the_run_by_right_codes() {
    let run = load(422, json!({ "code": "wrong_code", "verified": false })).await;
    assert!(!run.holds());
    assert!(of(&run, "right").wrong > 200 && of(&run, "wrong").wrong == 0, "{:?}", run.counts);
}

#[tokio::test]
async fn a_server_without_room_refuses_and_lies_about_nothing() {
    let run = load(503, json!({ "code": "unavailable" })).await;
    assert!(run.holds() && run.total().right == 0 && run.total().refused > 200, "{:?}", run.counts);
}

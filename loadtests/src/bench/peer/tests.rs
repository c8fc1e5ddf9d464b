//! The mix against a stand-in whose answers are known.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Description, PeerScenario};
use crate::load::{self, Plan, Run};
use crate::scenarios::{code, step_now};

const USERS: usize = 400;
const SECRET: &[u8] = b"12345678901234567890";

/// What a stand-in does besides checking codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// A code is right once.
    Strict,
    /// A code is right as often as it comes.
    Forgetful,
    /// Every code is right.
    Open,
}

type Spent = Arc<Mutex<HashSet<String>>>;

async fn verify(
    State((nature, spent)): State<(Nature, Spent)>,
    Path(user): Path<String>,
    body: Json<Value>,
) -> Response {
    let asked = body["code"].as_str().unwrap_or_default();
    let now = step_now();
    let right = (now - 1..=now + 1).any(|step| code(SECRET, step) == asked);
    let fresh = spent.lock().insert(format!("{user} {asked}"));
    match (nature, right) {
        (Nature::Strict, true) if !fresh => (StatusCode::BAD_REQUEST, Json(json!({ "error": "used" }))).into_response(),
        (Nature::Open, _) | (_, true) => Json(json!({ "valid": true })).into_response(),
        (Nature::Strict | Nature::Forgetful, false) => Json(json!({ "valid": false })).into_response(),
    }
}

/// So many operations, one after the other, so that there is always a spent code to replay.
async fn played(nature: Nature, operations: u64) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().route("/{user}", post(verify)).with_state((nature, Spent::default()));
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let users: Vec<Value> = (0..USERS)
        .map(|n| json!({ "user": format!("u{n}"), "secret": data_encoding::BASE32.encode(SECRET) }))
        .collect();
    let described = json!({
        "name": "stand-in", "version": "1", "setup": [], "urls": [format!("http://{address}")], "clients": 1, "pids": [],
        "request": {
            "method": "POST",
            "path": "/{user}",
            "headers": { "Content-Type": "application/json" },
            "body": "{\"code\":\"{code}\"}",
        },
        "right": { "status": 200, "holds": "\"valid\":true" },
        "wrong": { "status": 200, "holds": "\"valid\":false" },
        "replay": { "status": 400, "holds": "used" },
        "users": users,
    });
    let described = Description::parse(&described.to_string()).expect("a description");
    let scenario = PeerScenario::new(&described, true, 1).expect("a scenario");
    let plan = Plan { operations: Some(operations), ..Plan::closed(1, 60) };
    let run = load::run(&scenario, &plan, false).await.expect("a run");
    server.abort();
    run
}

#[tokio::test]
async fn a_peer_that_answers_as_it_says_passes_with_every_kind_of_code() {
    let run = played(Nature::Strict, 300).await;
    assert!(run.holds(), "{:?}", run.examples);
    let kinds: Vec<&str> = run.counts.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["replay", "right", "wrong"]);
    assert_eq!(run.total().right, 300);
}

#[tokio::test]
async fn a_replay_that_is_accepted_is_told_and_does_not_fail_the_run() {
    let run = played(Nature::Forgetful, 300).await;
    assert!(run.holds(), "{:?}", run.examples);
    assert!(run.counts.contains_key("replay-accepted") && !run.counts.contains_key("replay"), "{:?}", run.counts);
}

#[tokio::test]
async fn a_wrong_code_that_is_accepted_fails_the_run() {
    let run = played(Nature::Open, 100).await;
    assert!(!run.holds() && run.counts["wrong"].wrong > 0, "{:?}", run.counts);
}

#[tokio::test]
async fn without_anybody_left_the_run_ends() {
    let run = played(Nature::Strict, 3 * USERS as u64).await;
    assert!(run.ended_early || run.total().right == 3 * USERS as u64);
}

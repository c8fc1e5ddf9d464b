//! The ceiling of HTTP on this machine: a route of the framework the product uses, which reads JSON and answers JSON and
//! does nothing else.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use axum::extract::Path;
use axum::routing::post;
use axum::{Json, Router};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::peer::Description;
use crate::random::Dice;

/// Options of the server.
#[derive(Debug, Args)]
pub struct Options {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8099")]
    listen: SocketAddr,
}

#[derive(Debug, Deserialize)]
struct Question {
    code: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    verified: bool,
    purpose: &'static str,
}

/// Answers until it is ended.
///
/// # Errors
/// The address is taken.
pub async fn run(options: Options) -> Result<()> {
    let listener = TcpListener::bind(options.listen).await?;
    Ok(axum::serve(listener, Router::new().route("/v1/users/{user}/verify", post(verify))).await?)
}

async fn verify(Path(user): Path<String>, Json(question): Json<Question>) -> Json<Answer> {
    Json(Answer { verified: !user.is_empty() && !question.code.is_empty(), purpose: "login" })
}

/// What the scripts of the others print. Its requests are as long as ours.
pub(super) fn described(address: &str, pid: u32, users: usize, seed: u64) -> Result<Description> {
    let mut dice = Dice::new(seed);
    let user = |n: usize| {
        let secret: Vec<u8> = (0..20).map(|_| dice.next().to_le_bytes()[0]).collect();
        let secret = data_encoding::BASE32.encode(&secret);
        BTreeMap::from([("user".to_owned(), format!("load-{n}")), ("secret".to_owned(), secret)])
    };
    let yes = serde_json::json!({ "status": 200, "holds": "\"verified\":true" });
    let described = serde_json::json!({
        "name": "bare axum route",
        "version": env!("CARGO_PKG_VERSION"),
        "setup": ["reads JSON and answers JSON; knows no users and checks nothing"],
        "urls": [format!("http://{address}")],
        "clients": 64,
        "request": {
            "method": "POST",
            "path": "/v1/users/{user}/verify",
            "headers": {
                "Authorization": format!("Bearer tf_live_{}", "0".repeat(48)),
                "Content-Type": "application/json",
            },
            "body": "{\"code\":\"{code}\"}",
        },
        "right": yes,
        "wrong": yes,
        "replay": yes,
        "pids": [pid],
        "users": (0..users).map(user).collect::<Vec<_>>(),
    });
    Description::parse(&described.to_string())
}

//! Asking the servers how they are set up.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::monitor;
use crate::Broker;

/// One answer of each server; of the system account, and imported from it (`infra/nats/accounts.conf`).
const QUESTION: &str = "$SYS.REQ.SERVER.PING.JSZ";
/// How long to wait for answers in all.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for servers that hold nothing of ours, once all others have answered.
const OTHERS: Duration = Duration::from_millis(100);

/// What one server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerReport {
    pub name: String,
    pub version: String,
    /// None if it does not say.
    pub sync_always: Option<bool>,
    /// Bytes of all its streams.
    pub used: u64,
    /// Bytes they may take.
    pub limit: Option<u64>,
}

/// Asks all servers over NATS, and the monitoring endpoints if that left out a server that holds something of ours.
pub(super) async fn ask(broker: &Broker, holders: &BTreeSet<String>, monitors: &[String]) -> Vec<ServerReport> {
    let mut reports = over_nats(broker, holders).await;
    let missing = holders.iter().any(|name| reports.iter().all(|report| report.name != *name));
    if missing || reports.is_empty() {
        let answers = join_all(monitors.iter().map(|url| monitor::get(url, "/varz"))).await;
        for (url, answer) in monitors.iter().zip(answers) {
            match answer.map(|varz| of_varz(&varz)) {
                Ok(Some(report)) => reports.push(report),
                Ok(None) => tracing::warn!(url, "the monitoring endpoint says nothing of JetStream"),
                Err(reason) => tracing::warn!(url, reason, "the monitoring endpoint does not answer"),
            }
        }
    }
    reports
}

async fn over_nats(broker: &Broker, holders: &BTreeSet<String>) -> Vec<ServerReport> {
    let client = broker.client();
    let inbox = client.new_inbox();
    let mut reports: Vec<ServerReport> = Vec::new();
    let Ok(mut answers) = client.subscribe(inbox.clone()).await else { return reports };
    if client.publish_with_reply(QUESTION, inbox, Bytes::from_static(b"{}")).await.is_err() {
        return reports;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let complete = !reports.is_empty() && holders.iter().all(|name| reports.iter().any(|r| r.name == *name));
        let until = if complete { end.min(Instant::now() + OTHERS) } else { end };
        match timeout_at(until, answers.next()).await {
            // A status means that nobody is there to answer: nothing was imported.
            Ok(Some(answer)) if answer.status.is_none() => {
                let answer: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
                reports.extend(of_jsz(&answer));
            }
            Ok(_) | Err(_) => return reports,
        }
    }
}

fn of_jsz(answer: &Value) -> Option<ServerReport> {
    let (server, data) = (&answer["server"], &answer["data"]);
    Some(ServerReport {
        name: server["name"].as_str()?.to_owned(),
        version: server["ver"].as_str()?.to_owned(),
        // A server without JetStream holds nothing. One that does not always sync leaves the field out.
        sync_always: data["config"].is_object().then(|| data["config"]["sync_always"] == true),
        used: data["storage"].as_u64().unwrap_or(0),
        limit: data["config"]["max_storage"].as_u64(),
    })
    .filter(|report| report.sync_always.is_some())
}

fn of_varz(varz: &Value) -> Option<ServerReport> {
    let jetstream = &varz["jetstream"];
    let config = jetstream["config"].as_object()?;
    Some(ServerReport {
        name: varz["server_name"].as_str()?.to_owned(),
        version: varz["version"].as_str()?.to_owned(),
        sync_always: Some(config.get("sync_always").is_some_and(|always| *always == true)),
        used: jetstream["stats"]["storage"].as_u64().unwrap_or(0),
        limit: config.get("max_storage").and_then(Value::as_u64),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_tell_the_same() {
        let jsz = json!({
            "server": { "name": "a", "ver": "2.15.1" },
            "data": { "storage": 7, "config": { "max_storage": 10, "sync_always": true } }
        });
        let varz = json!({
            "server_name": "a", "version": "2.15.1",
            "jetstream": { "config": { "max_storage": 10, "sync_always": true }, "stats": { "storage": 7 } }
        });
        let report = of_jsz(&jsz);
        assert_eq!(report.as_ref().map(|report| report.sync_always), Some(Some(true)));
        assert_eq!(report, of_varz(&varz));
    }

    #[test]
    fn a_server_that_leaves_it_out_does_not_always_sync() {
        let jsz = json!({ "server": { "name": "a", "ver": "2.15.1" }, "data": { "config": {} } });
        assert_eq!(of_jsz(&jsz).and_then(|report| report.sync_always), Some(false));
        let varz = json!({ "server_name": "a", "version": "2.15.1", "jetstream": { "config": {} } });
        assert_eq!(of_varz(&varz).and_then(|report| report.sync_always), Some(false));
    }

    #[test]
    fn a_server_without_jetstream_is_passed_over() {
        assert_eq!(of_jsz(&json!({ "server": { "name": "a", "ver": "2.15.1" }, "data": { "disabled": true } })), None);
        assert_eq!(of_varz(&json!({ "server_name": "a", "version": "2.15.1" })), None);
        assert_eq!(of_jsz(&Value::Null), None);
    }
}

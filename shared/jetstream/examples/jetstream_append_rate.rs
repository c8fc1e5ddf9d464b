//! Appends per second of the log on a NATS server, closed loop, for several numbers of appends in flight; then one scan.
//!
//! `cargo run --release -p twofold-jetstream --example jetstream_append_rate -- servers [seconds [users [in-flight,... [singles [rounds]]]]]`
//!
//! `servers` is a list of `nats://host:port` with everything made by `twofold init`, or `alone` or `cluster` for servers
//! of its own. `singles` and `rounds` are `singles_at_most` and `rounds` of the options.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "../../event-log/examples/append_rate/measure.rs"]
mod measure;

use std::sync::Arc;
use std::time::Duration;

use measure::{Failure, table};
use twofold_event_log::EventLog;
use twofold_jetstream::{Broker, BrokerOptions, InitOptions, JetStreamLog, JetStreamLogOptions, init};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

/// Servers of its own, ended with the program.
enum Servers {
    Others,
    Alone(#[expect(dead_code, reason = "held for its drop")] NatsServer),
    Cluster(#[expect(dead_code, reason = "held for its drop")] NatsCluster),
}

async fn servers(argument: &str) -> Result<(Servers, Broker), Failure> {
    let (servers, urls, replicas) = match argument {
        "alone" => {
            let server = NatsServer::start(&NatsOptions::default())?;
            let url = server.url();
            (Servers::Alone(server), vec![url], 1)
        }
        "cluster" => {
            let cluster = NatsCluster::start(&NatsOptions::default())?;
            let urls = cluster.urls();
            (Servers::Cluster(cluster), urls, 3)
        }
        list => (Servers::Others, list.split(',').map(ToOwned::to_owned).collect(), 0),
    };
    let broker = Broker::connect(&BrokerOptions { servers: urls, ..BrokerOptions::local("") }).await?;
    if replicas > 0 {
        let options =
            InitOptions { replicas, partitions: 1, max_bytes: None, master_fingerprint: "measuring".to_owned() };
        init(&broker, &options).await?;
    }
    Ok((servers, broker))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (_servers, broker) = servers(&arguments.next().ok_or("which servers?")?).await?;
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    let users: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let in_flight = arguments.next().unwrap_or_else(|| "1,2,4,8,16,64,256,1024".to_owned());
    let mut options = JetStreamLogOptions::default();
    if let Some(singles) = arguments.next() {
        options.singles_at_most = singles.parse()?;
    }
    if let Some(rounds) = arguments.next() {
        options.rounds = rounds.parse()?;
    }
    let log: Arc<dyn EventLog> = Arc::new(JetStreamLog::open(&broker, options).await?);
    table(&log, &in_flight, users.max(4096), time).await?;
    log.close().await;
    Ok(())
}

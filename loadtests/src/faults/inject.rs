//! Breaking things and mending them.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;
use twofold_jetstream::{Broker, BrokerOptions};
use twofold_test_support::Fault as Link;

use super::clients::{Doors, Ending, Record, Reply};
use super::house::House;
use super::plan::{Fault, Partition, Planned};

/// What [`Link::Delay`] adds to each way.
const SLOW: Duration = Duration::from_millis(700);
/// Longest time after a fault until a login works again, start of processes included.
const RECOVERY: Duration = Duration::from_mins(1);
/// What an audit page is asked with.
const AUDIT: &str = "/v1/audit?limit=1";

/// Breaks, waits, mends, and waits until everything is ready again and somebody could log in.
pub async fn inject(house: &mut House, planned: Planned, record: &Record, probe: &mut Doors) -> Result<()> {
    let Planned { fault, lasts, which } = planned;
    match fault {
        Fault::KillApi => kill(pick(&mut house.api, which), lasts).await?,
        Fault::KillDeliver => kill(pick(&mut house.deliver, which), lasts).await?,
        Fault::KillProject => kill(pick(&mut house.project, which), lasts).await?,
        Fault::KillBroker | Fault::KillFollower => {
            let index = block_in_place(|| house.broker.choose(fault == Fault::KillBroker))?;
            block_in_place(|| house.broker.node(index).kill());
            sleep(lasts).await;
            block_in_place(|| house.broker.node(index).restart())?;
        }
        Fault::KillDatabase => {
            block_in_place(|| house.database.kill());
            sleep(lasts).await;
            block_in_place(|| house.database.restart())?;
        }
        Fault::Stall => {
            let index = block_in_place(|| house.broker.choose(true))?;
            block_in_place(|| house.broker.node(index).pause())?;
            sleep(lasts).await;
            block_in_place(|| house.broker.node(index).resume())?;
        }
        Fault::Cut(partition) => cut(house, partition, which, lasts).await,
        Fault::BrokerFull => fill(house, lasts, record).await?,
        Fault::DatabaseDown => database_down(house, lasts, record, probe).await?,
    }
    house.all_ready().await?;
    let before = record.successes();
    let until = record.now() + RECOVERY;
    while record.successes() == before {
        if record.now() > until {
            record.violation(format!("nobody could log in within {RECOVERY:?} after {}", fault.name()));
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn pick<T>(several: &mut [T], which: u64) -> &mut T {
    let index = usize::try_from(which % several.len().max(1) as u64).unwrap_or(0);
    &mut several[index]
}

async fn kill(role: &mut super::house::Role, lasts: Duration) -> Result<()> {
    block_in_place(|| role.kill());
    sleep(lasts).await;
    role.start()
}

async fn cut(house: &mut House, partition: Partition, which: u64, lasts: Duration) {
    let link = match partition {
        Partition::AcksLost => Link::DropDown,
        Partition::Slow => Link::Delay(SLOW),
        Partition::Silent => Link::HalfOpen,
        Partition::Reset => Link::Reset,
    };
    let ways = pick(&mut house.ways, which);
    for way in ways.iter() {
        way.set(link);
    }
    sleep(lasts).await;
    for way in ways.iter() {
        way.set(Link::None);
    }
}

/// Lets the log grow to its present size and no further.
async fn fill(house: &House, lasts: Duration, record: &Record) -> Result<()> {
    let options = BrokerOptions { servers: house.broker.urls(), ..BrokerOptions::local("") };
    let broker = Broker::connect(&options).await.context("the broker")?;
    let (size, before) = limit(&broker, None).await?;
    limit(&broker, Some(size)).await?;
    let from = record.now();
    sleep(lasts).await;
    if !record.endings(from, record.now()).contains(&Ending::Unavailable) {
        record.violation("a full log was not noticed by anybody");
    }
    limit(&broker, Some(before)).await?;
    broker.close().await;
    Ok(())
}

/// Sets the most bytes of the log; answers how many it has, and how many it might have had before.
async fn limit(broker: &Broker, max_bytes: Option<i64>) -> Result<(i64, i64)> {
    let mut stream = broker.jetstream().get_stream(broker.names().stream()).await.context("the stream")?;
    let info = stream.info().await.context("the stream")?;
    let (bytes, before) = (i64::try_from(info.state.bytes)?, info.config.max_bytes);
    if let Some(max_bytes) = max_bytes {
        let mut config = info.config.clone();
        config.max_bytes = max_bytes;
        broker.jetstream().update_stream(&config).await.context("the stream's limit")?;
    }
    Ok((bytes, before))
}

/// Without the database logins go on, and what needs it says 503.
async fn database_down(house: &mut House, lasts: Duration, record: &Record, probe: &mut Doors) -> Result<()> {
    block_in_place(|| house.database.kill());
    let (from, before) = (record.now(), record.successes());
    while record.now() < from + lasts {
        for node in 0..probe.count() {
            let reply = probe.send(node, "GET", AUDIT, "").await;
            if reply.says().0 != 503 {
                record.violation(format!("without a database the audit trail was answered {}", reply.describe()));
            }
        }
        sleep(Duration::from_millis(500).min(lasts)).await;
    }
    if record.successes() == before {
        record.violation("nobody could log in while the database was down".to_owned());
    }
    block_in_place(|| house.database.restart())?;
    house.all_ready().await?;
    for node in 0..probe.count() {
        read_again(probe, node, record).await;
    }
    Ok(())
}

async fn read_again(probe: &mut Doors, node: usize, record: &Record) {
    let until = record.now() + RECOVERY;
    loop {
        let reply = probe.send(node, "GET", AUDIT, "").await;
        if reply.says().0 == 200 {
            return;
        }
        if record.now() > until {
            return record.violation(format!("the audit trail did not come back: {}", reply.describe()));
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// The newest position that the read model answers for, on every node, within a minute.
pub async fn read_models_at(probe: &mut Doors, position: u64, record: &Record) {
    for node in 0..probe.count() {
        let path = format!("{AUDIT}&min_position={position}");
        let until = record.now() + RECOVERY;
        loop {
            let reply = probe.send(node, "GET", &path, "").await;
            if matches!(&reply, Reply::Answered { status: 200, body: Value::Object(_), .. }) {
                break;
            }
            if record.now() > until {
                record.violation(format!("the read model did not reach {position}: {}", reply.describe()));
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

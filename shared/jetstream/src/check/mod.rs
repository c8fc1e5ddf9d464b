//! Looking at the broker before trusting it with anything.

mod error;
mod monitor;
mod room;
mod servers;
mod version;

use std::collections::BTreeSet;

use twofold_domain::Channel;
use twofold_event_log::MAX_PAYLOAD_BYTES;

pub use error::CheckError;
use servers::ServerReport;

use crate::Broker;
use crate::setup::{
    Api, Difference, MASTER, PARTITIONS, Part, SCHEMA, SCHEMA_VERSION, StreamInfo, consumer_part, differences,
    keys_part, log_part, snapshots_part, usage_part,
};

/// Bytes of the largest payload, in base64 as the leader answers it, and room for the headers.
const LEAST_MESSAGE_BYTES: usize = MAX_PAYLOAD_BYTES + MAX_PAYLOAD_BYTES / 2;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// The servers' monitoring endpoints, `http://host:port`; asked for what the servers do not tell over NATS.
    pub monitors: Vec<String>,
    /// Runs on servers that acknowledge before the disk has it, or do not say so. A power cut then loses answers given.
    pub allow_unsafe: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Partitions of the users.
    pub partitions: u16,
    /// Fingerprint of the master key the log belongs to.
    pub master_fingerprint: String,
    /// Copies of the log.
    pub replicas: usize,
    /// What should be looked after, in words.
    pub warnings: Vec<String>,
}

/// Compares everything on the server with how `init` makes it, and asks the servers themselves how safe they are.
///
/// # Errors
/// [`CheckError`]; only [`CheckError::Unavailable`] may pass by itself.
pub async fn check(broker: &Broker, options: &CheckOptions) -> Result<Checked, CheckError> {
    let api = Api(broker);
    let names = broker.names();
    let log = log_part(names, 1, -1, &std::collections::HashMap::new());
    let log_info = stream(api, &log).await?;
    let metadata = &log_info.config["metadata"];
    let said = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
    if said(SCHEMA) != SCHEMA_VERSION {
        return Err(CheckError::Schema { found: said(SCHEMA) });
    }
    let partitions = said(PARTITIONS).parse().map_err(|_| CheckError::Schema { found: said(PARTITIONS) })?;
    let replicas = replicas_of(&log_info);

    let mut differing = differences(&log.what, &log_info.config, &log.config, log.fields);
    let keys = keys_part(names, replicas);
    let keys_info = stream(api, &keys).await?;
    differing.extend(differences(&keys.what, &keys_info.config, &keys.config, keys.fields));
    differing.extend(too_few_replicas(&keys, &keys_info, replicas));
    let snapshots = snapshots_part(names, -1);
    let snapshots_info = stream(api, &snapshots).await?;
    differing.extend(differences(&snapshots.what, &snapshots_info.config, &snapshots.config, snapshots.fields));
    let usage = usage_part(names, replicas, -1);
    let usage_info = stream(api, &usage).await?;
    differing.extend(differences(&usage.what, &usage_info.config, &usage.config, usage.fields));
    differing.extend(too_few_replicas(&usage, &usage_info, replicas));
    for channel in [Channel::Email, Channel::Sms] {
        let part = consumer_part(names, channel);
        let found = api.consumer(names.stream(), &part.name).await?;
        let found = found.ok_or_else(|| CheckError::NotInitialised { missing: part.what.clone() })?;
        differing.extend(differences(&part.what, &found, &part.config, part.fields));
    }
    differing.extend(message_size(broker));
    differing.extend(room::limit(&log.what, &log_info));
    if !differing.is_empty() {
        return Err(CheckError::Settings(differing));
    }

    let holders: BTreeSet<String> =
        log_info.cluster.servers().chain(keys_info.cluster.servers()).map(ToOwned::to_owned).collect();
    if log_info.cluster.servers().count() < replicas || keys_info.cluster.servers().next().is_none() {
        return Err(CheckError::Unavailable("the log has no leader, or not yet all its replicas".to_owned()));
    }
    let reports = servers::ask(broker, &holders, &options.monitors).await;
    let mut warnings = judge_servers(&holders, &reports, options.allow_unsafe)?;
    warnings.extend(room::judge(api, &log_info, &reports).await?);
    let reserved = [&log_info, &snapshots_info, &usage_info].into_iter().filter_map(room::max_bytes).sum();
    let cramped = room::cramped(reserved, &reports);
    if !cramped.is_empty() {
        return Err(CheckError::Settings(cramped));
    }
    Ok(Checked { partitions, master_fingerprint: said(MASTER), replicas, warnings })
}

async fn stream(api: Api<'_>, part: &Part) -> Result<StreamInfo, CheckError> {
    let found = api.stream(&part.name).await?;
    found.ok_or_else(|| CheckError::NotInitialised { missing: part.what.clone() })
}

fn replicas_of(info: &StreamInfo) -> usize {
    info.config["num_replicas"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1)
}

fn too_few_replicas(part: &Part, info: &StreamInfo, replicas: usize) -> Option<Difference> {
    let has = replicas_of(info);
    (has < replicas).then(|| Difference {
        what: part.what.clone(),
        field: "num_replicas",
        found: has.to_string(),
        wanted: replicas.to_string(),
        init_sets_it: true,
    })
}

fn message_size(broker: &Broker) -> Option<Difference> {
    let found = broker.client().max_payload();
    (found < LEAST_MESSAGE_BYTES).then(|| Difference {
        what: "every server".to_owned(),
        field: "max_payload",
        found: found.to_string(),
        wanted: format!("{LEAST_MESSAGE_BYTES} or more"),
        init_sets_it: false,
    })
}

/// Judges the version of every server that answered, and the syncing of all that hold something of ours.
fn judge_servers(
    holders: &BTreeSet<String>,
    reports: &[ServerReport],
    allow_unsafe: bool,
) -> Result<Vec<String>, CheckError> {
    if let Some(old) = reports.iter().find(|report| !version::is_new_enough(&report.version)) {
        return Err(CheckError::OldServer { server: old.name.clone(), version: old.version.clone() });
    }
    let lax: Vec<String> =
        reports.iter().filter(|report| report.sync_always == Some(false)).map(|report| report.name.clone()).collect();
    let known: BTreeSet<&str> =
        reports.iter().filter(|report| report.sync_always.is_some()).map(|report| report.name.as_str()).collect();
    let silent: Vec<String> = holders.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
    let trouble = if lax.is_empty() && silent.is_empty() && !reports.is_empty() {
        return Ok(Vec::new());
    } else if lax.is_empty() {
        CheckError::SyncUnknown { servers: silent }
    } else {
        CheckError::SyncNotAlways { servers: lax }
    };
    if allow_unsafe { Ok(vec![format!("UNSAFE, as allowed: {trouble}")]) } else { Err(trouble) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, version: &str, sync_always: Option<bool>) -> ServerReport {
        ServerReport { name: name.to_owned(), version: version.to_owned(), sync_always, used: 0, limit: None }
    }

    fn holders(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_holder_must_say_that_it_syncs() {
        let good = report("a", "2.15.1", Some(true));
        assert_eq!(judge_servers(&holders(&["a"]), std::slice::from_ref(&good), false), Ok(vec![]));
        let silent = judge_servers(&holders(&["a", "b"]), std::slice::from_ref(&good), false);
        assert_eq!(silent, Err(CheckError::SyncUnknown { servers: vec!["b".to_owned()] }));
        let unsaid = judge_servers(&holders(&["a"]), &[report("a", "2.15.1", None)], false);
        assert_eq!(unsaid, Err(CheckError::SyncUnknown { servers: vec!["a".to_owned()] }));
        let lax = judge_servers(&holders(&["a"]), &[good, report("b", "2.15.1", Some(false))], false);
        assert_eq!(lax, Err(CheckError::SyncNotAlways { servers: vec!["b".to_owned()] }));
        assert!(judge_servers(&BTreeSet::new(), &[], false).is_err());
    }

    #[test]
    fn what_is_allowed_is_said_loudly_and_an_old_server_never_is() {
        let warnings = judge_servers(&holders(&["a"]), &[report("a", "2.15.1", Some(false))], true).expect("allowed");
        assert!(warnings[0].contains("UNSAFE") && warnings[0].contains("sync_interval: always"));
        let old = judge_servers(&holders(&["a"]), &[report("a", "2.14.9", Some(true))], true);
        let expected = CheckError::OldServer { server: "a".to_owned(), version: "2.14.9".to_owned() };
        assert!(expected.to_string().contains("2.15.1"));
        assert_eq!(old, Err(expected));
    }
}

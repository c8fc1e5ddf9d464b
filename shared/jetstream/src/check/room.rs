//! How much room is left.

use super::CheckError;
use super::servers::ServerReport;
use crate::setup::{Api, Difference, StreamInfo};

/// Percent from which it should be looked after.
const WARN_PERCENT: u64 = 80;
/// Percent from which nobody should start.
const REFUSE_PERCENT: u64 = 90;
/// What a server must be able to store beyond the limits of the log and the snapshots, for keys and consumers.
const MARGIN_PERCENT: u64 = 5;

/// Judges the stream, the account and the servers.
pub(super) async fn judge(api: Api<'_>, log: &StreamInfo, reports: &[ServerReport]) -> Result<Vec<String>, CheckError> {
    let (account_used, account_limit) = api.account_bytes().await?;
    let mut stores = vec![
        ("the log".to_owned(), log.state.bytes, max_bytes(log)),
        ("the account".to_owned(), account_used, account_limit),
    ];
    stores.extend(reports.iter().map(|report| (format!("the server {}", report.name), report.used, report.limit)));
    let mut warnings = Vec::new();
    for (what, used, limit) in stores {
        warnings.extend(judge_one(what, used, limit)?);
    }
    Ok(warnings)
}

/// The stream's own limit, if it has one.
pub(super) fn max_bytes(info: &StreamInfo) -> Option<u64> {
    info.config["max_bytes"].as_u64().filter(|bytes| *bytes > 0)
}

/// The log must have a limit of its own: at the server's, a batch may be stored in part (seen on 2.15.1).
pub(super) fn limit(what: &str, log: &StreamInfo) -> Option<Difference> {
    max_bytes(log).is_none().then(|| Difference {
        what: what.to_owned(),
        field: "max_bytes",
        found: "unset".to_owned(),
        wanted: "a limit below the server's own".to_owned(),
        init_sets_it: true,
    })
}

/// The servers whose own limit may be reached before the streams' are.
pub(super) fn cramped(reserved: u64, reports: &[ServerReport]) -> Vec<Difference> {
    let least = reserved.saturating_add(reserved / 100 * MARGIN_PERCENT);
    let difference = |report: &ServerReport| {
        let limit = report.limit.filter(|limit| *limit > 0 && *limit < least)?;
        Some(Difference {
            what: format!("server {}", report.name),
            field: "max_file_store",
            found: limit.to_string(),
            wanted: format!("at least {least}, or the log's max_bytes lower"),
            init_sets_it: false,
        })
    };
    reports.iter().filter_map(difference).collect()
}

fn judge_one(what: String, used: u64, limit: Option<u64>) -> Result<Option<String>, CheckError> {
    let Some(limit) = limit.filter(|limit| *limit > 0) else { return Ok(None) };
    let percent = u64::try_from(u128::from(used) * 100 / u128::from(limit)).unwrap_or(u64::MAX);
    if percent > REFUSE_PERCENT {
        return Err(CheckError::Full { what, percent });
    }
    Ok((percent > WARN_PERCENT).then(|| format!("{what} is {percent} % full")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_warns_and_then_refuses() {
        let judge = |used, limit| judge_one("it".to_owned(), used, limit);
        assert_eq!(judge(80, Some(100)), Ok(None));
        assert_eq!(judge(81, Some(100)), Ok(Some("it is 81 % full".to_owned())));
        assert_eq!(judge(90, Some(100)), Ok(Some("it is 90 % full".to_owned())));
        assert_eq!(judge(91, Some(100)), Err(CheckError::Full { what: "it".to_owned(), percent: 91 }));
        assert_eq!(judge(u64::MAX, None), Ok(None));
        assert_eq!(judge(5, Some(0)), Ok(None));
    }

    #[test]
    fn a_server_must_hold_more_than_the_streams_may_take() {
        let report = |limit| ServerReport {
            name: "a".to_owned(),
            version: "2.15.1".to_owned(),
            sync_always: Some(true),
            used: 0,
            limit,
        };
        assert!(cramped(1000, &[report(Some(1050)), report(None), report(Some(0))]).is_empty());
        assert_eq!(cramped(1000, &[report(Some(1049))]).len(), 1);
    }
}

//! What `init` does about each part.

use serde_json::{Value, json};

use super::{InitError, InitOptions, InitReport};
use crate::Broker;
use crate::setup::{
    Api, ApiError, Difference, MASTER, PARTITIONS, PERSIST_MODE, Part, SCHEMA, StreamInfo, differences, set,
};

/// No stream gets less.
const LEAST_BYTES: i64 = 64 * 1024;
/// More than any server has: where the search for what it has begins.
const MOST_LOG_BYTES: i64 = 64 * 1024 * 1024 * 1024 * 1024;
const LEAST_LOG_BYTES: i64 = 1024 * 1024;
/// "insufficient storage resources available"
const NO_ROOM: u64 = 10047;
/// "no suitable peers for placement", in a cluster; also when there are fewer servers than replicas.
const NO_PEERS: u64 = 10005;

/// The parts, one after the other.
pub(super) struct Steps<'a> {
    api: Api<'a>,
    pub report: InitReport,
}

impl<'a> Steps<'a> {
    pub fn new(broker: &'a Broker) -> Self {
        Self { api: Api(broker), report: InitReport::default() }
    }

    pub async fn log(&mut self, part: &Part, options: &InitOptions) -> Result<(), InitError> {
        if let Some(info) = self.api.stream(&part.name).await.map_err(|error| server(part, error))? {
            let metadata = &info.config["metadata"];
            if metadata[SCHEMA].is_null() {
                return Err(InitError::NotOurs(part.name.clone()));
            }
            for field in [SCHEMA, PARTITIONS, MASTER] {
                let wanted = &part.config["metadata"][field];
                if metadata[field] != *wanted {
                    let (found, wanted) = (text(&metadata[field]), text(wanted));
                    return Err(InitError::Fixed { field, found, wanted });
                }
            }
        }
        let info = self.api.stream(&part.name).await.map_err(|error| server(part, error))?;
        let limit = info.as_ref().and_then(|info| info.config["max_bytes"].as_i64()).unwrap_or(-1);
        if info.is_some() || options.max_bytes.is_some() {
            self.stream(part, Some(options.replicas)).await?;
        }
        match options.max_bytes {
            Some(max_bytes) if info.is_some() && limit != max_bytes => self.limit(part, &json!(max_bytes)).await,
            None if limit <= 0 => self.take_most_of_the_room(part, info.is_some()).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Tries smaller and smaller limits until the server sets that much aside, then leaves some of it for the rest.
    async fn take_most_of_the_room(&mut self, part: &Part, exists: bool) -> Result<(), InitError> {
        let mut bytes = MOST_LOG_BYTES;
        loop {
            let tried = if exists {
                self.api.set(&part.name, "max_bytes", &json!(bytes)).await
            } else {
                let mut config = part.config.clone();
                config["max_bytes"] = json!(bytes);
                self.api.create_stream(&part.name, &config).await
            };
            match tried {
                Ok(()) => break,
                Err(ApiError { code: Some(NO_ROOM | NO_PEERS), .. }) if bytes > LEAST_LOG_BYTES => {
                    bytes = bytes / 10 * 9;
                }
                Err(error) => return Err(server(part, error)),
            }
        }
        if !exists {
            self.report.created.push(part.what.clone());
        }
        let most = json!(bytes / 5 * 4);
        if exists {
            return self.limit(part, &most).await;
        }
        self.api.set(&part.name, "max_bytes", &most).await.map_err(|error| server(part, error))
    }

    async fn limit(&mut self, part: &Part, max_bytes: &Value) -> Result<(), InitError> {
        self.api.set(&part.name, "max_bytes", max_bytes).await.map_err(|error| server(part, error))?;
        self.report.changed.push(Difference {
            what: part.what.clone(),
            field: "max_bytes",
            found: "another limit, or none".to_owned(),
            wanted: max_bytes.to_string(),
            init_sets_it: true,
        });
        Ok(())
    }

    /// Makes a stream or sets what differs; more replicas than it has are safe, fewer are not.
    pub async fn stream(&mut self, part: &Part, replicas: Option<usize>) -> Result<(), InitError> {
        let found = self.api.stream(&part.name).await.map_err(|error| server(part, error))?;
        let Some(StreamInfo { mut config, .. }) = found else {
            self.api.create_stream(&part.name, &part.config).await.map_err(|error| server(part, error))?;
            self.report.created.push(part.what.clone());
            return Ok(());
        };
        let mut differing = differences(&part.what, &config, &part.config, part.fields);
        if let Some(wanted) = replicas {
            let has = config["num_replicas"].as_u64().unwrap_or(0);
            if has != wanted as u64 {
                let (found, init_sets_it) = (has.to_string(), has < wanted as u64);
                let (what, wanted) = (part.what.clone(), wanted.to_string());
                differing.push(Difference { what, field: "num_replicas", found, wanted, init_sets_it });
            }
        }
        if differing.iter().any(|difference| !difference.init_sets_it) {
            differing.retain(|difference| !difference.init_sets_it);
            return Err(InitError::Unsafe(differing));
        }
        if differing.is_empty() {
            self.report.kept.push(part.what.clone());
            return Ok(());
        }
        for difference in &differing {
            set(&mut config, &part.config, difference.field);
        }
        self.api.update_stream(&part.name, &config).await.map_err(|error| server(part, error))?;
        self.report.changed.extend(differing);
        Ok(())
    }

    /// Makes a stream of at most so many bytes, or a share of the log's. The server sets the whole size aside, so it may
    /// be more than there is room for: then half of it is tried.
    pub async fn beside(
        &mut self,
        log: &Part,
        (most_bytes, share): (i64, i64),
        replicas: Option<usize>,
        part_of: impl Fn(i64) -> Part,
    ) -> Result<(), InitError> {
        let log_info = self.api.stream(&log.name).await.map_err(|error| server(log, error))?;
        let log_bytes = log_info.and_then(|info| info.config["max_bytes"].as_i64()).unwrap_or(i64::MAX);
        let mut max_bytes = most_bytes.min(log_bytes / share).max(LEAST_BYTES);
        loop {
            let part = part_of(max_bytes);
            let found = self.api.stream(&part.name).await.map_err(|error| server(&part, error))?;
            if found.is_some() {
                return self.stream(&part, replicas).await;
            }
            match self.api.create_stream(&part.name, &part.config).await {
                Ok(()) => {
                    self.report.created.push(part.what);
                    return Ok(());
                }
                Err(ApiError { code: Some(NO_ROOM | NO_PEERS), .. }) if max_bytes / 2 >= LEAST_BYTES => {
                    max_bytes /= 2;
                }
                Err(error) => return Err(server(&part, error)),
            }
        }
    }

    /// Makes the stream of counters as [`Self::beside`] makes one, and makes it anew where the server would not change it:
    /// what it counted may be forgotten, unlike everything else here.
    pub async fn usage(
        &mut self,
        log: &Part,
        size: (i64, i64),
        replicas: usize,
        part_of: impl Fn(i64) -> Part,
    ) -> Result<(), InitError> {
        let anew = self.forget(&part_of(LEAST_BYTES), replicas).await?;
        self.beside(log, size, Some(replicas), part_of).await?;
        if anew && let Some(made) = self.report.created.last_mut() {
            made.push_str(", anew: it counts from 0");
        }
        Ok(())
    }

    /// Deletes the stream of counters when it is ours, and only by another stream can it become what it must be.
    async fn forget(&self, part: &Part, replicas: usize) -> Result<bool, InitError> {
        let found = self.api.stream(&part.name).await.map_err(|error| server(part, error))?;
        let Some(StreamInfo { config, .. }) = found else { return Ok(false) };
        let differing = differences(&part.what, &config, &part.config, part.fields);
        let ours = differing.iter().all(|difference| difference.init_sets_it);
        let answers_otherwise = differing.iter().any(|difference| difference.field == PERSIST_MODE);
        let has_more = config["num_replicas"].as_u64().unwrap_or(0) > replicas as u64;
        if !ours || !(answers_otherwise || has_more) {
            return Ok(false);
        }
        self.api.delete_stream(&part.name).await.map_err(|error| server(part, error))?;
        Ok(true)
    }

    pub async fn consumer(&mut self, stream: &str, part: &Part) -> Result<(), InitError> {
        let found = self.api.consumer(stream, &part.name).await.map_err(|error| server(part, error))?;
        let Some(mut config) = found else {
            let made = self.api.put_consumer(stream, &part.config, "create").await;
            made.map_err(|error| server(part, error))?;
            self.report.created.push(part.what.clone());
            return Ok(());
        };
        let mut differing = differences(&part.what, &config, &part.config, part.fields);
        if differing.iter().any(|difference| !difference.init_sets_it) {
            differing.retain(|difference| !difference.init_sets_it);
            return Err(InitError::Unsafe(differing));
        }
        if differing.is_empty() {
            self.report.kept.push(part.what.clone());
            return Ok(());
        }
        for difference in &differing {
            set(&mut config, &part.config, difference.field);
        }
        let changed = self.api.put_consumer(stream, &config, "update").await;
        changed.map_err(|error| server(part, error))?;
        self.report.changed.extend(differing);
        Ok(())
    }
}

fn server(part: &Part, error: ApiError) -> InitError {
    InitError::Server { what: part.what.clone(), reason: error.text }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| json!(value).to_string(), ToOwned::to_owned)
}

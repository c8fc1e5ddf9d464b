//! The server's API with settings as plain JSON, so that a setting this program does not know survives a change.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Broker;

/// A request the server did not answer, or refused. Internal text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct ApiError {
    pub text: String,
    /// None without an answer.
    pub code: Option<u64>,
}

/// What the server says of a stream.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StreamInfo {
    pub config: Value,
    pub state: State,
    #[serde(default)]
    pub cluster: Cluster,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct State {
    pub bytes: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Cluster {
    #[serde(default)]
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Peer>,
}

#[derive(Debug, Clone, Deserialize)]
struct Peer {
    name: String,
}

impl Cluster {
    /// The names of the servers that hold the stream.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.leader.as_deref().into_iter().chain(self.replicas.iter().map(|peer| peer.name.as_str()))
    }
}

/// What the server says of a consumer.
#[derive(Debug, Deserialize)]
struct ConsumerInfo {
    config: Value,
}

/// The API of a broker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api<'a>(pub &'a Broker);

impl Api<'_> {
    /// `None` when there is no such stream.
    pub async fn stream(self, name: &str) -> Result<Option<StreamInfo>, ApiError> {
        found(self.ask(format!("STREAM.INFO.{name}"), &json!({})).await, ErrorCode::STREAM_NOT_FOUND)
    }

    pub async fn create_stream(self, name: &str, config: &Value) -> Result<(), ApiError> {
        self.ask::<Value>(format!("STREAM.CREATE.{name}"), config).await.map(drop)
    }

    pub async fn update_stream(self, name: &str, config: &Value) -> Result<(), ApiError> {
        self.ask::<Value>(format!("STREAM.UPDATE.{name}"), config).await.map(drop)
    }

    /// For what may be forgotten.
    pub async fn delete_stream(self, name: &str) -> Result<(), ApiError> {
        self.ask::<Value>(format!("STREAM.DELETE.{name}"), &json!({})).await.map(drop)
    }

    /// Sets one setting of a stream and leaves the others.
    pub async fn set(self, name: &str, field: &str, value: &Value) -> Result<(), ApiError> {
        let info = self.stream(name).await?;
        let missing = || ApiError { text: "the stream is gone".to_owned(), code: None };
        let mut config = info.ok_or_else(missing)?.config;
        config[field] = value.clone();
        self.update_stream(name, &config).await
    }

    /// The settings of a consumer, `None` when there is no such consumer.
    pub async fn consumer(self, stream: &str, name: &str) -> Result<Option<Value>, ApiError> {
        let info = self.ask::<ConsumerInfo>(format!("CONSUMER.INFO.{stream}.{name}"), &json!({})).await;
        Ok(found(info, ErrorCode::CONSUMER_NOT_FOUND)?.map(|info| info.config))
    }

    /// `action` is `create` or `update`.
    pub async fn put_consumer(self, stream: &str, config: &Value, action: &str) -> Result<(), ApiError> {
        let text = |field: &str| config[field].as_str().unwrap_or_default();
        let subject = format!("CONSUMER.CREATE.{stream}.{}.{}", text("durable_name"), text("filter_subject"));
        let question = json!({ "stream_name": stream, "config": config, "action": action });
        self.ask::<Value>(subject, &question).await.map(drop)
    }

    /// Bytes the account has on disk, and its limit if it has one.
    pub async fn account_bytes(self) -> Result<(u64, Option<u64>), ApiError> {
        let account: Value = self.ask("INFO".to_owned(), &json!({})).await?;
        let limit = account["limits"]["max_storage"].as_i64().and_then(|limit| u64::try_from(limit).ok());
        Ok((account["storage"].as_u64().unwrap_or(0), limit.filter(|limit| *limit > 0)))
    }

    async fn ask<T: DeserializeOwned>(self, subject: String, question: &Value) -> Result<T, ApiError> {
        let unanswered = |text: String| ApiError { text, code: None };
        if !self.0.is_connected() {
            return Err(unanswered("not connected to NATS".to_owned()));
        }
        let answer = self.0.jetstream().request(subject, question).await;
        match answer.map_err(|error| unanswered(error.to_string()))? {
            Response::Ok(answer) => Ok(answer),
            Response::Err { error } => Err(ApiError { text: error.to_string(), code: Some(error.error_code().0) }),
        }
    }
}

fn found<T>(answer: Result<T, ApiError>, not_found: ErrorCode) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code == Some(not_found.0) => Ok(None),
        Err(error) => Err(error),
    }
}

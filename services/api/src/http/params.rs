//! Path and query parameters.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use twofold_domain::PanelId;
use twofold_event_log::Seq;

use super::problem::{Problem, Result};
use crate::app::App;

/// Reads one of the panel's own ids.
pub fn panel_id(field: &str, text: &str) -> Result<PanelId> {
    PanelId::parse(text).map_err(|e| Problem::invalid(field, e.to_string()))
}

/// `{user}` of a path, percent-decoded.
#[derive(Debug)]
pub struct UserPath(pub PanelId);

#[derive(Deserialize)]
struct RawUser {
    user: String,
}

impl FromRequestParts<App> for UserPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(RawUser { user }) = Path::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("malformed_path", "percent-encode the user id as UTF-8"))?;
        panel_id("user", &user).map(Self)
    }
}

/// A query string; unknown parameters are refused by the type.
#[derive(Debug)]
pub struct QueryOf<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let found = Query::<T>::from_request_parts(parts, app).await;
        found
            .map(|Query(value)| Self(value))
            .map_err(|error: QueryRejection| Problem::bad_request("invalid_query", error.body_text()))
    }
}

/// `min_position` of a read: wait until the read model has seen a write.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub struct MinPosition(pub Option<u64>);

impl MinPosition {
    /// Waits, within the limit of the configuration.
    pub async fn wait(self, app: &App) -> Result<()> {
        let Some(position) = self.0 else { return Ok(()) };
        if app.store.wait_for(Seq(position), app.config.max_read_wait).await {
            return Ok(());
        }
        let mut problem = Problem::unavailable("the read model has not reached min_position yet; try again");
        "read_model_behind".clone_into(&mut problem.code);
        Err(problem)
    }
}

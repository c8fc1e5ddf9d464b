//! The HTTP API: one file per endpoint, the path of a file is its URL. The OpenAPI document is made from this code.
#![allow(clippy::option_option, reason = "left out, null and a value are three different things to a panel")]

mod app;
mod audit;
mod body;
mod callbacks;
mod http;
mod inbox;
mod metrics;
mod openapi;
mod routes;
mod unseal;

pub use app::{ApiConfig, App, AppParts, Condition, Operations, Readiness};
pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use routes::{operations_router, router, starting_router};

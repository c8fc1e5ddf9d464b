//! What stands between the wire and the routes.

mod auth;
mod context;
mod idempotency;
mod json;
mod ok;
mod page;
mod pairs;
mod params;
mod problem;
mod refusal;
mod reply;
mod request_id;

pub use auth::{Key, live_only};
pub use context::{ActorBody, ClientBody, Origin};
pub use idempotency::IdempotencyHeader;
pub use json::{Body, Empty};
pub use ok::{gone, json, written};
pub use page::{Cursor, PageQuery};
pub use pairs::Pairs;
pub use params::{MinPosition, QueryOf, UserPath, panel_id};
pub use problem::{Problem, Result};
pub use reply::Replied;
pub use request_id::{RequestId, layer as request_id_layer, with_id};

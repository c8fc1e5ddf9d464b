//! What both databases have in common: rows as values and back, loading and saving a batch, pages, and the port itself.
//!
//! A database adds a [`Dialect`] (how values go in and out) and a [`Backend`] (connections and their scope).

mod apply;
mod arguments;
mod audit;
mod backend;
mod chain;
mod decode;
mod decode_delivery;
mod dialect;
mod error;
mod load;
mod messages;
mod query;
mod save;
mod sink;
mod snapshot;
mod states;
mod store;
mod waiting;
mod writer;

pub(crate) use apply::batch;
pub(crate) use backend::{Backend, Scope};
pub(crate) use dialect::{Dialect, Many, Portion, plain_values};
pub(crate) use error::unavailable;
pub(crate) use query::read_checkpoint;
pub(crate) use sink::{Sink, Values};
pub(crate) use waiting::Waiting;
pub(crate) use writer::Writer;

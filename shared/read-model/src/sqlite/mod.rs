//! The read model in one SQLite file of its own.

mod apply;
mod arguments;
mod audit;
mod decode;
mod error;
mod load;
mod model;
mod open;
mod query;
mod save;
mod snapshot;
mod states;

pub use model::SqliteReadModel;
pub use open::SqliteReadModelOptions;

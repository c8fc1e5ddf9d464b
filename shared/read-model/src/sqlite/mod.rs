//! The read model in one SQLite file of its own.

mod dialect;
mod model;
mod open;
mod rebuild;

pub use model::SqliteReadModel;
pub use open::SqliteReadModelOptions;

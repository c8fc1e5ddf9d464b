//! The read model in a PostgreSQL schema, shared by any number of processes.

mod arrays;
mod dialect;
mod grants;
mod model;
mod open;
mod options;
mod rebuild;
mod scope;

pub use grants::postgres_grants;
pub use model::PostgresReadModel;
pub use options::PostgresOptions;

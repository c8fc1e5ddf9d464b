//! The way to the database.

use secrecy::ExposeSecret as _;
use twofold_read_model::PostgresOptions;

use crate::compose::Roles;
use crate::config::PostgresSection;
use crate::failure::{Context as _, Failure};

/// As the settings say; a process that needs a database cannot do without one.
pub fn options(postgres: &PostgresSection, roles: Roles) -> Result<PostgresOptions, Failure> {
    let Some(url) = &postgres.url else {
        return Err(Failure::Usage(format!(
            "postgres.url is missing: with nats.servers set, audit and lists are in PostgreSQL, which `twofold {}` needs; set it, or TWOFOLD__POSTGRES__URL",
            roles.name
        )));
    };
    let mut options = PostgresOptions::new(url.expose_secret()).context("postgres.url")?;
    options.max_connections = postgres.max_connections;
    Ok(options)
}

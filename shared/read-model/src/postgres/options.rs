//! How to reach the database.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::StoreError;

/// How to reach a read model in PostgreSQL.
#[derive(Clone)]
pub struct PostgresOptions {
    connect: PgConnectOptions,
    /// Connections for queries; one more writes, where this process projects. 8.
    pub max_connections: u32,
    /// The schema with the tables; `<schema>_next` and `<schema>_old` are used by rebuilds. Lower-case letters, digits and
    /// underscores, at most 48. `twofold`.
    pub schema: String,
    /// How long a query waits for a free connection. 2 s.
    pub acquire_timeout: Duration,
    /// How long a query may take altogether, waiting for a connection included; the server gives it up then too. 3 s.
    pub query_timeout: Duration,
    /// How long projecting a batch may take. 20 s: the same batch is tried again, so a limit too short is never met.
    pub batch_timeout: Duration,
}

/// Longest name of a schema, so that the names of the other two fit into the 63 bytes of an identifier.
const MAX_SCHEMA: usize = 48;

/// How long a transaction waits for another projector's, and a rebuild for another.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

impl PostgresOptions {
    /// The defaults for a server and database, `postgres://user:password@host/database?sslmode=verify-full`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the URL is none; its text does not repeat it.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Unavailable("the URL of the database cannot be read".to_owned()))?;
        Ok(Self {
            connect: connect.disable_statement_logging(),
            max_connections: 8,
            schema: "twofold".to_owned(),
            acquire_timeout: Duration::from_secs(2),
            query_timeout: Duration::from_secs(3),
            batch_timeout: Duration::from_secs(20),
        })
    }

    /// Whether the schema's name is one that needs no quotes anywhere.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let name = self.schema.as_str();
        if name.len() <= MAX_SCHEMA && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) {
            Ok(())
        } else {
            Err(StoreError::Schema(format!("{name:?} cannot be the name of a schema")))
        }
    }

    /// For connections that answer queries. Plans are made for the values at hand: the best one for a tenant's first
    /// page is not the one for any page of any tenant. Tables are not read in full nor by bitmaps, which lose the order that
    /// every list's index has: a page then costs as much as it has rows, and not as much as the tenant has history.
    pub(super) fn reading(&self) -> PgConnectOptions {
        let limit = millis(self.query_timeout);
        let settings =
            [("plan_cache_mode", "force_custom_plan"), ("enable_bitmapscan", "off"), ("enable_seqscan", "off")];
        self.base(&self.schema, "twofold").options([("statement_timeout", limit)]).options(settings)
    }

    /// For connections that project into a schema. A plan holds for many batches: it looks few rows up by their keys,
    /// and is no worse for many.
    pub(super) fn projecting(&self, schema: &str) -> PgConnectOptions {
        let (statement, lock) = (millis(self.batch_timeout), millis(LOCK_TIMEOUT));
        self.base(schema, "twofold project").options([
            ("statement_timeout", statement.as_str()),
            ("lock_timeout", lock.as_str()),
            ("plan_cache_mode", "force_generic_plan"),
            // A projector whose machine is gone lets go of its claim after 25 s, not after hours.
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ])
    }

    /// For connections that do long things: comparisons, changes of the schema.
    pub(super) fn maintaining(&self) -> PgConnectOptions {
        self.base(&self.schema, "twofold maintain").options([("maintenance_work_mem", "256MB"), ("work_mem", "64MB")])
    }

    fn base(&self, schema: &str, name: &str) -> PgConnectOptions {
        let connect = self.connect.clone().options([("search_path", schema), ("jit", "off")]);
        if connect.get_application_name().is_some() { connect } else { connect.application_name(name) }
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

impl fmt::Debug for PostgresOptions {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("host", &self.connect.get_host())
            .field("port", &self.connect.get_port())
            .field("database", &self.connect.get_database())
            .field("schema", &self.schema)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

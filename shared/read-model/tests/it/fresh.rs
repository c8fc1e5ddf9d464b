//! Empty stores of either kind.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};
use tempfile::TempDir;
use twofold_read_model::{PostgresOptions, PostgresReadModel, ReadModel, SqliteReadModel, postgres_grants};
use twofold_test_support::PostgresServer;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// An empty store of its own.
pub struct Fresh {
    pub store: ReadModel,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    Postgres(Box<PostgresOptions>),
}

/// One server and database for the process, a schema for each store.
static DATABASE: LazyLock<(PostgresServer, String)> = LazyLock::new(|| {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database().unwrap();
    (server, url)
});

static SCHEMAS: AtomicU64 = AtomicU64::new(0);

/// Options for a schema nobody has used.
pub fn postgres() -> PostgresOptions {
    let mut options = PostgresOptions::new(&DATABASE.1).unwrap();
    options.schema = format!("fresh_{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
    options
}

/// A connection of the owner, with all tenants in its scope.
pub async fn postgres_connection(options: &PostgresOptions) -> PgConnection {
    let connect = PgConnectOptions::from_str(&DATABASE.1).unwrap();
    let connect = connect.options([("search_path", options.schema.as_str()), ("twofold.scope", "all")]);
    connect.connect().await.unwrap()
}

pub async fn fresh(kind: Kind) -> Fresh {
    let place = match kind {
        Kind::Sqlite => Place::Sqlite(tempfile::tempdir().unwrap()),
        Kind::Postgres => {
            let options = postgres();
            PostgresReadModel::migrate(&options).await.unwrap();
            Place::Postgres(Box::new(options))
        }
    };
    Fresh { store: place.open().await, place }
}

impl Place {
    async fn open(&self) -> ReadModel {
        match self {
            Self::Sqlite(folder) => Arc::new(SqliteReadModel::open(folder.path().join("read.db")).await.unwrap()),
            Self::Postgres(options) => {
                Arc::new(PostgresReadModel::open(PostgresOptions::clone(options)).await.unwrap())
            }
        }
    }
}

impl Fresh {
    /// The same store as another process has it.
    pub async fn again(&self) -> ReadModel {
        self.place.open().await
    }

    /// Runs a statement behind the store's back.
    pub async fn execute(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match &self.place {
            Place::Sqlite(_) => drop(self.sqlite_connection().await.execute(statement).await.unwrap()),
            Place::Postgres(options) => drop(postgres_connection(options).await.execute(statement).await.unwrap()),
        }
    }

    /// Half of a store where a rebuild makes its new tables.
    pub async fn leave_remains_of_a_killed_rebuild(&self) {
        match &self.place {
            Place::Sqlite(folder) => std::fs::write(folder.path().join("read.db-rebuild-1-0"), "half").unwrap(),
            Place::Postgres(options) => {
                for end in ["next", "old"] {
                    self.execute(&format!("CREATE SCHEMA {}_{end}", options.schema)).await;
                    self.execute(&format!("CREATE TABLE {}_{end}.users (half TEXT)", options.schema)).await;
                }
            }
        }
        assert!(self.remains().await > 0);
    }

    /// What rebuilds have left behind.
    pub async fn remains(&self) -> usize {
        match &self.place {
            Place::Sqlite(folder) => {
                let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
                names.filter(|name| name.to_str().unwrap().contains("-rebuild-")).count()
            }
            Place::Postgres(options) => {
                let text = "SELECT nspname FROM pg_namespace WHERE nspname IN ($1 || '_next', $1 || '_old')";
                let query = sqlx::query(text).bind(&options.schema);
                postgres_connection(options).await.fetch_all(query).await.unwrap().len()
            }
        }
    }

    pub async fn sqlite_connection(&self) -> SqliteConnection {
        let Place::Sqlite(folder) = &self.place else { panic!("another kind") };
        SqliteConnectOptions::new().filename(folder.path().join("read.db")).connect().await.unwrap()
    }

    pub fn postgres_options(&self) -> &PostgresOptions {
        let Place::Postgres(options) = &self.place else { panic!("another kind") };
        options
    }
}

/// Roles besides the owner, with the rights the product gives them.
pub struct Roles {
    pub api: String,
    pub project: String,
    schema: String,
}

impl Roles {
    pub fn create(fresh: &Fresh) -> Self {
        let options = fresh.postgres_options();
        let schema = options.schema.clone();
        let roles = Self { api: format!("api-{schema}"), project: format!("project-{schema}"), schema };
        let (server, url) = &*DATABASE;
        for role in [&roles.api, &roles.project] {
            server.admin(&format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'secret'")).unwrap();
        }
        for text in postgres_grants(options, &roles.api, &roles.project) {
            PostgresServer::query(url, &text).unwrap();
        }
        roles
    }

    /// How a role reaches the store.
    pub fn options(&self, role: &str) -> PostgresOptions {
        let mut options = PostgresOptions::new(&Self::url(role)).unwrap();
        options.schema.clone_from(&self.schema);
        options
    }

    pub async fn connection(&self, role: &str) -> PgConnection {
        let connect = PgConnectOptions::from_str(&Self::url(role)).unwrap();
        connect.options([("search_path", &self.schema)]).connect().await.unwrap()
    }

    fn url(role: &str) -> String {
        let (server, url) = &*DATABASE;
        let database = url.rsplit('/').next().unwrap();
        format!("postgres://{role}:secret@127.0.0.1:{}/{database}", server.port())
    }
}

/// Makes a test of each function for each kind of store.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::fresh::Kind::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::fresh::Kind::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both;

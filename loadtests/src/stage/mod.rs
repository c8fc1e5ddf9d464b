//! The product, started for a measurement: ready, with a tenant, and with as many users as a rate needs.

mod pool;
mod saturation;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;

pub(crate) use self::pool::Pool;
pub use self::saturation::Saturation;
pub(crate) use self::saturation::{Search, told};
use crate::client::Target;
use crate::deliver::place::{Place, Plan};
use crate::scenarios::{Targets, User, seed};

/// Connections that make users: commits of many requests share one fsync.
pub(crate) const SEEDERS: usize = 256;

/// A running product and the key of one tenant. Dropped, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) targets: Arc<Targets>,
    pub(crate) key: String,
    /// How it is set up, a sentence each.
    pub(crate) setup: Vec<String>,
}

impl Stage {
    /// Starts one process with everything in it, or NATS, PostgreSQL, `api` and `project`.
    ///
    /// # Errors
    /// Something does not start.
    pub(crate) async fn start(program: PathBuf, production: bool) -> Result<Self> {
        let workers = production.then_some(0);
        let plan = Plan { program, workers, concurrency: None, quiet: false, callbacks: false };
        let place = Place::start(&plan).await?;
        let tenant = json!({ "name": "load", "create_keys": true }).to_string();
        let made = place.door().must(&place.operator, "POST", "/v1/operator/tenants", &tenant).await?;
        let key = made["keys"]["live"]["key"].as_str().context("a key")?.to_owned();
        let urls: Vec<String> = place.api.iter().map(|role| format!("http://{}", role.address())).collect();
        let targets = Arc::new(Targets::parse(&urls, std::slice::from_ref(&key))?);
        // Only the production shape has to be asked, which blocks; without it one thread is enough.
        let setup = if production { tokio::task::block_in_place(|| place.setup()) } else { place.setup() };
        Ok(Self { place, targets, key, setup })
    }

    /// Makes users called `prefix` and a number.
    ///
    /// # Errors
    /// As [`seed::users`].
    pub(crate) async fn users(&self, prefix: &str, count: u32) -> Result<Vec<User>> {
        seed::users(&self.targets, prefix, count, SEEDERS, true).await
    }

    /// For single requests.
    pub(crate) fn target(&self) -> Result<Target> {
        let door = self.place.api.first().context("a way in")?;
        Ok(Target { authority: door.address().to_string(), key: self.key.clone() })
    }
}

/// Says how far a long measurement has come, also where there is no terminal.
#[allow(clippy::print_stdout, reason = "progress is told where the report is told")]
pub(crate) fn tell(what: &str) {
    println!("{what}");
}

/// The program that was named, or the one beside this one.
///
/// # Errors
/// It is unknown where this one is.
pub(crate) fn program(named: Option<&PathBuf>) -> Result<PathBuf> {
    match named {
        Some(program) => Ok(program.clone()),
        None => Ok(std::env::current_exe()?.with_file_name("twofold")),
    }
}

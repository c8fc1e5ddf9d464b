use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use twofold_domain::Mode;
use twofold_domain::tenant::Scope;
use twofold_engine::NewKey;

use super::super::{Shared, session};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Make an API key and print it; it is shown this once and stored nowhere
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Name or id of the tenant
    #[arg(long, required_unless_present = "operator")]
    tenant: Option<String>,
    /// For real users, or for test users whose messages stay in the test inbox
    #[arg(long, required_unless_present = "operator", conflicts_with = "operator")]
    mode: Option<ModeName>,
    /// What it may be used for: login, users, audit, settings, keys, delivery [default: all of them]
    #[arg(long, value_delimiter = ',', conflicts_with = "operator")]
    scopes: Vec<String>,
    /// What people call it
    #[arg(long, default_value = "command line")]
    label: String,
    /// An operator key instead: for tenants and their keys, nothing of users
    #[arg(long, conflicts_with = "tenant")]
    operator: bool,
}

/// Live or test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    Live,
    Test,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Live => Self::Live,
            ModeName::Test => Self::Test,
        }
    }
}

pub async fn run(shared: &Shared, args: CreateArgs) -> Done {
    let scopes = scopes(&args.scopes)?;
    let core = session::open(shared, true).await?;
    let context = session::context();
    let created = match (&args.tenant, args.mode) {
        (Some(name), Some(mode)) => {
            let tenant = session::tenant(&core, name)?;
            core.engine.create_key(&tenant.id, NewKey { mode: mode.into(), scopes, label: args.label }, &context).await
        }
        (None, _) | (_, None) => core.engine.create_operator_key(&args.label, &context).await,
    };
    let created = created.context("no key was made")?;
    output::line(created.key.expose());
    core.close().await;
    Ok(())
}

fn scopes(names: &[String]) -> Result<BTreeSet<Scope>, Failure> {
    if names.is_empty() {
        return Ok(BTreeSet::from(Scope::TENANT));
    }
    let known = || Scope::TENANT.map(Scope::name).join(", ");
    let scope = |name: &String| {
        let found = Scope::TENANT.into_iter().find(|scope| scope.name() == name.trim());
        found.ok_or_else(|| Failure::Usage(format!("--scopes {name}: there are {}", known())))
    };
    names.iter().map(scope).collect()
}

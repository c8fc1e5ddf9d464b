use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use twofold_domain::settings::merge_patch;
use twofold_domain::tenant::Scope;
use twofold_domain::{Mode, Preset};
use twofold_engine::NewKey;

use super::super::{Shared, document, session};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Make a tenant and print its id, a live key and a test key; the keys are shown this once
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// 1 to 64 lower-case letters, digits and hyphens; unique
    name: String,
    /// Begin with the settings of: ipi, hideez, account-profile, ipserverone or hostkey [default: built-in defaults]
    #[arg(long)]
    preset: Option<String>,
    /// Settings laid over the preset: a TOML or JSON file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub async fn run(shared: &Shared, args: CreateArgs) -> Done {
    let mut wanted = serde_json::json!({});
    if let Some(name) = &args.preset {
        let names = || Preset::ALL.map(Preset::name).join(", ");
        let preset =
            Preset::by_name(name).ok_or_else(|| Failure::Usage(format!("--preset {name}: there are {}", names())))?;
        wanted = preset.document();
    }
    if let Some(path) = &args.settings {
        merge_patch(&mut wanted, &document::read(path)?);
    }
    let core = session::open(shared, true).await?;
    let context = session::context();
    let made = core.engine.create_tenant(&args.name, args.preset.as_deref(), wanted, &context).await;
    let (tenant, _) = made.context(&format!("tenant {} was not made", args.name))?;
    output::line(format!("tenant    {} ({})", args.name, tenant.id));
    for mode in [Mode::Live, Mode::Test] {
        let new = NewKey { mode, scopes: BTreeSet::from(Scope::TENANT), label: format!("first {} key", mode.name()) };
        let created = core.engine.create_key(&tenant.id, new, &context).await;
        let created = created.context("the tenant is made but a key is not; run `twofold key create`")?;
        output::line(format!("{:9} {}", format!("{} key", mode.name()), created.key.expose()));
    }
    core.close().await;
    Ok(())
}

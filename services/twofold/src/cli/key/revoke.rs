use clap::Args;
use twofold_crypto::api_key;
use twofold_domain::KeyId;

use super::super::{Shared, session};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Kill an API key, everywhere within a second and for good
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Its id, as `twofold key list` shows it, or the key itself
    key: String,
}

pub async fn run(shared: &Shared, args: RevokeArgs) -> Done {
    let id = KeyId::parse(&args.key).ok().or_else(|| api_key::parse(&args.key).ok().map(|parsed| parsed.id));
    // The text is not repeated: it may be most of a key.
    let id = id.ok_or_else(|| {
        Failure::Usage("that is neither the id of a key (ky…) nor a key; see `twofold key list`".to_owned())
    })?;
    let core = session::open(shared, false).await?;
    let owner = core.engine.directory().tenants().into_iter().find(|tenant| tenant.state.keys.contains_key(&id));
    let owner = owner.ok_or_else(|| {
        Failure::new(format!("there is no key {id}, or it is revoked already; see `twofold key list`"))
    })?;
    core.engine.revoke_key(&owner.id, &id, &session::context()).await.context("the key still works")?;
    output::line(format!("{id} is dead"));
    core.close().await;
    Ok(())
}

//! `twofold rebuild`

use clap::Args;

use super::run::block_on;
use super::{Shared, session};
use crate::failure::{Context as _, Done};
use crate::output;

/// Fold the read model again from the log, beside the one in use
///
/// Nothing is lost: the log holds everything. While it runs, lists and the audit trail show the old one, complete and
/// up to date; then the new one takes its place. It needs the room for both. Logins do not depend on it.
#[derive(Debug, Args)]
pub struct RebuildArgs {}

pub fn run(shared: &Shared, _args: RebuildArgs) -> Done {
    block_on(async {
        let core = session::open(shared, false).await?;
        let store = core.read_model().await?;
        let bar = output::progress("folding the log", 0);
        let folded = twofold_read_model::rebuild(&*core.log, &*store, &mut |progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        })
        .await;
        bar.finish_and_clear();
        let rebuilt = folded.context("the read model is as it was; run `twofold rebuild` again")?;
        output::line(format!("the read model is rebuilt up to position {}", rebuilt.position));
        if let Some(differences @ 1..) = rebuilt.differences {
            output::line(format!("in the old one {differences} rows were not what the log says"));
        }
        store.close().await;
        core.close().await;
        Ok(())
    })
}

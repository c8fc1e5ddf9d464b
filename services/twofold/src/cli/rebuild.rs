//! `twofold rebuild`

use clap::Args;

use super::run::block_on;
use super::{Shared, session};
use crate::failure::{Context as _, Done};
use crate::output;

/// Throw the read model away and fold it again from the log
///
/// Nothing is lost: the log holds everything. While it runs, lists and the audit trail show what is there so far;
/// logins do not depend on it.
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
        let position = folded.context("the read model is not complete; run `twofold rebuild` again")?;
        output::line(format!("the read model is rebuilt up to position {position}"));
        store.close().await;
        core.close().await;
        Ok(())
    })
}

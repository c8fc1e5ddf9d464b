//! `twofold version`

use clap::Args;

use crate::failure::Done;
use crate::output;

/// Print the version
#[derive(Debug, Args)]
pub struct VersionArgs {}

#[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
pub fn run(_args: VersionArgs) -> Done {
    output::line(format!("twofold {}", env!("CARGO_PKG_VERSION")));
    Ok(())
}

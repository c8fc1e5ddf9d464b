//! Twofold: two-factor authentication for hosting panels, as one program.

mod channel_name;
#[allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "comments on arguments are printed as help, as they are"
)]
mod cli;
mod compose;
mod config;
mod failure;
mod output;

use std::process::ExitCode;

/// Users in memory are many small pieces that live long and go at random (decision 0020).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}

//! `twofold demo`

mod client;
mod server;
mod steps;
mod story;

use clap::Args;

use super::Shared;
use super::run::block_on;
use crate::failure::{Done, Failure};
use crate::output;

pub use self::client::http_client;

use self::client::Client;
use self::story::Story;

/// Play a whole story against a server, step by step: set-up, login, replay, recovery, e-mail, audit trail
///
/// Without --url it starts a server of its own in a temporary folder and removes it afterwards. Every answer is checked:
/// the exit code is 0 only if each step behaved.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// A running server's address, such as http://127.0.0.1:8080 [default: a temporary server]
    #[arg(long, requires = "key")]
    url: Option<String>,
    /// A test key of the tenant demo, or of one with authenticator, e-mail and recovery codes
    #[arg(long, requires = "url")]
    key: Option<String>,
}

pub fn run(shared: &Shared, args: DemoArgs) -> Done {
    let (Some(url), Some(key)) = (args.url, args.key) else {
        return server::run(shared);
    };
    super::run::start_command(&shared.flags(None))?;
    block_on(play(&url, &key))
}

async fn play(url: &str, key: &str) -> Done {
    if !key.starts_with("tf_test_") {
        return Err(Failure::Usage(
            "--key: the demo takes a test key (tf_test_…), so that no real user is touched".to_owned(),
        ));
    }
    let mut story = Story::new(Client::new(url, key)?);
    story.play().await?;
    output::line("");
    output::line("Every step behaved.");
    Ok(())
}

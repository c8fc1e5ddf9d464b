//! `twofold healthcheck`

use std::time::Duration;

use clap::Args;

use super::Shared;
use super::demo::http_client;
use super::run::{block_on, start_command};
use crate::compose::DataDir;
use crate::failure::{Done, Failure};
use crate::output;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask a running server whether it is ready: exit code 0 if it is, 1 if not
#[derive(Debug, Args)]
pub struct HealthcheckArgs {
    /// The server's address [default: the one that serves the data folder]
    #[arg(long)]
    url: Option<String>,
}

pub fn run(shared: &Shared, args: HealthcheckArgs) -> Done {
    let settings = start_command(&shared.flags(None))?.settings;
    let address = DataDir::announced(&settings.data_dir).unwrap_or(settings.listen);
    let base = args.url.unwrap_or_else(|| format!("http://{address}"));
    let url = format!("{}/readyz", base.trim_end_matches('/'));
    block_on(async {
        let answer = http_client(TIMEOUT)?.get(&url).send().await;
        let answer = answer.map_err(|error| Failure::new(format!("{url} does not answer: {}", error.without_url())))?;
        let status = answer.status();
        let body = answer.text().await.unwrap_or_default();
        if status.is_success() {
            output::line("ready");
            return Ok(());
        }
        Err(Failure::new(format!("{url} answers {status}: {}", body.trim())))
    })
}

//! A server of the demo's own.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::Shared;
use super::super::run::{block_on, start_command};
use super::play;
use crate::compose::{Process, Roles};
use crate::config::Flags;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Runs until [`TemporaryServer::stop`].
pub struct TemporaryServer {
    url: String,
    key: String,
    stop: CancellationToken,
    running: JoinHandle<Done>,
}

/// Plays the story against a server in a temporary folder, which is gone afterwards.
pub fn run(shared: &Shared) -> Done {
    let folder = tempfile::Builder::new().prefix("twofold-demo-").tempdir().context("no temporary folder")?;
    let flags = Flags {
        data_dir: Some(folder.path().join("data")),
        listen: Some("127.0.0.1:0".to_owned()),
        ..shared.flags(None)
    };
    let settings = start_command(&flags)?.settings;
    block_on(async {
        let server = TemporaryServer::start(&settings).await?;
        output::line(format!("A server of its own runs at {} for this demo.", server.url));
        let played = play(&server.url, &server.key).await;
        let stopped = server.stop().await;
        played.and(stopped)
    })
}

impl TemporaryServer {
    async fn start(settings: &crate::config::Settings) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let (server, keys) = Process::prepare(settings, Roles::ALL, stop.clone()).await?;
        server.begin().await?;
        let keys = keys.ok_or_else(|| Failure::new("the temporary folder is in use"))?;
        let url = format!("http://{}", server.address());
        let running = tokio::spawn(server.run());
        Ok(Self { url, key: keys.test.key.expose().to_owned(), stop, running })
    }

    async fn stop(self) -> Done {
        self.stop.cancel();
        self.running.await.context("the temporary server failed")?
    }
}

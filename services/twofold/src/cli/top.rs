//! `twofold top`

mod draw;
mod samples;
mod view;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;

use self::samples::{BODY_MAX, Sample};
use self::view::{Scrape, View};
use super::Shared;
use super::demo::http_client;
use super::run::{block_on, start_command};
use crate::compose::DataDir;
use crate::failure::{Done, Failure};
use crate::output;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Watch delivery live: queues, slack to the deadline, rates, success, conversion and breakers
///
/// Reads /metrics of the processes named, which need not be on this machine: workers for what is under way, and the
/// process that projects for what became of it (conversion). Refreshes until Ctrl-C. Success is that of the attempts since
/// the workers started; conversion that of this hour and the one before.
#[derive(Debug, Args)]
pub struct TopArgs {
    /// Where they listen, such as http://10.0.0.5:8080,http://10.0.0.6:8080 [default: the server of the data folder]
    #[arg(long, value_delimiter = ',', value_name = "URLS")]
    workers: Vec<String>,
    /// Seconds between two looks
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=3600))]
    interval: u16,
    /// Lines of each table
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rows: u16,
    /// Look twice, an interval apart, print and end; so does a command whose output is no terminal
    #[arg(long)]
    once: bool,
    /// The same as --once, as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(shared: &Shared, args: &TopArgs) -> Done {
    let settings = start_command(&shared.flags(None))?.settings;
    let urls = if args.workers.is_empty() {
        let address = DataDir::announced(&settings.data_dir).unwrap_or(settings.listen);
        vec![format!("http://{address}")]
    } else {
        args.workers.clone()
    };
    block_on(async {
        let client = http_client(TIMEOUT)?;
        if args.json || args.once || !std::io::stdout().is_terminal() {
            return once(&client, &urls, args).await;
        }
        let _screen = output::Screen::open();
        tokio::select! {
            never = watch(&client, &urls, args) => match never {},
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })
}

async fn once(client: &reqwest::Client, urls: &[String], args: &TopArgs) -> Done {
    let (first, begun) = (scrape(client, urls).await, Instant::now());
    tokio::time::sleep(Duration::from_secs(args.interval.into())).await;
    let second = scrape(client, urls).await;
    let view = View::of(&second, Some((&first, begun.elapsed().as_secs_f64())));
    if args.json {
        output::json(&draw::json(&view));
    } else {
        draw::lines(&view, args.rows.into()).iter().for_each(output::line);
    }
    if view.processes.iter().all(|process| process.error.is_some()) {
        return Err(Failure::new("no process answers; name them with --workers"));
    }
    Ok(())
}

async fn watch(client: &reqwest::Client, urls: &[String], args: &TopArgs) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(Duration::from_secs(args.interval.into()));
    let mut before: Option<(Scrape, Instant)> = None;
    loop {
        ticks.tick().await;
        let (now, at) = (scrape(client, urls).await, Instant::now());
        let earlier = before.as_ref().map(|(scrape, then)| (scrape, at.duration_since(*then).as_secs_f64()));
        output::Screen::show(&draw::lines(&View::of(&now, earlier), args.rows.into()));
        before = Some((now, at));
    }
}

async fn scrape(client: &reqwest::Client, urls: &[String]) -> Scrape {
    let processes = urls.iter().map(|url| async move { (url.clone(), numbers(client, url).await) });
    Scrape { processes: join_all(processes).await }
}

async fn numbers(client: &reqwest::Client, url: &str) -> Result<Vec<Sample>, String> {
    let failed = |error: reqwest::Error| error.without_url().to_string();
    let answer = client.get(format!("{}/metrics", url.trim_end_matches('/'))).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("it answers {}", answer.status()));
    }
    let mut answer = answer;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_MAX {
            return Err("it answers more than 8 MiB".to_owned());
        }
    }
    Ok(samples::read(&String::from_utf8_lossy(&body)))
}

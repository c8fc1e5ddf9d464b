//! `twofold-load providers`: the simulator by itself, to try channels and workers on by hand.

#![allow(clippy::print_stdout, reason = "the addresses and the totals are what the program is run for")]

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Character, LOGIN, Setup, Simulator, TOKEN};

/// Options of the simulator.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many providers; each has an SMTP port and a path of the HTTP port.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// What they are like.
    #[arg(long, value_enum, default_value_t = Character::Flaky)]
    character: Character,
    /// The same seed draws the same faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Demand STARTTLS by mail; the root of the certificate goes into this file, in DER.
    #[arg(long, value_name = "FILE")]
    starttls: Option<std::path::PathBuf>,
    /// Demand a login by mail.
    #[arg(long)]
    auth: bool,
    /// Messages in a hundred that Twilio's callbacks say were not delivered.
    #[arg(long, default_value_t = 0)]
    undelivered_percent: u64,
    /// Seconds until it ends by itself [default: until Ctrl-C].
    #[arg(long)]
    seconds: Option<u64>,
}

/// Prints the channels to use, and in the end what came.
pub async fn run(options: Options) -> Result<ExitCode> {
    let simulator = Simulator::start(Setup {
        profiles: vec![options.character.profile(); options.count],
        seed: options.seed,
        starttls: options.starttls.is_some(),
        auth: options.auth,
        undelivered_percent: options.undelivered_percent,
    })
    .await?;
    if let (Some(file), Some(root)) = (&options.starttls, simulator.root_der()) {
        std::fs::write(file, root)?;
    }
    for provider in 0..simulator.count() {
        let mut email = simulator.email_channel(provider);
        if options.starttls.is_some() {
            (email["host"], email["tls"]) = (json!("localhost"), json!("starttls"));
        }
        if options.auth {
            (email["username"], email["password"]) = (json!(LOGIN), json!(TOKEN));
        }
        let (twilio, http) = (simulator.twilio_channel(provider), simulator.http_channel(provider));
        println!("{}", json!({ "provider": provider, "email": email, "sms_twilio": twilio, "sms_http": http }));
    }
    let limit = options.seconds.map_or(Duration::MAX, Duration::from_secs);
    let _ = tokio::time::timeout(limit, tokio::signal::ctrl_c()).await;
    let (answered, failed) = simulator.callbacks();
    let mut totals = simulator.book().totals();
    totals["callbacks"] = json!({ "answered": answered, "failed": failed });
    println!("{totals}");
    Ok(ExitCode::SUCCESS)
}

//! Starts everything, and measures it round by round.

use std::time::Duration;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use tokio::time::sleep;

use super::Options;
use super::contender::{About, Contender, Kind};
use super::results::{Measured, Outcome, Results, Seconds};
use crate::load::{self, Plan};
use crate::machine;
use crate::usage::{cpu_s, peak_mib, with_children};

/// Between two runs: what one server still has to write does not weigh on the next.
const PAUSE: Duration = Duration::from_millis(500);

/// Measures.
pub(super) async fn play(options: &Options) -> Result<Results> {
    let seconds = if options.quick {
        Seconds { warm_up: 0, closed: 2, open: 2 }
    } else {
        Seconds { warm_up: 1, closed: 5, open: 8 }
    };
    let mut results = Results {
        started_at_ms: machine::unix_ms(),
        command: options.told(),
        quick: options.quick,
        rounds: options.runs,
        seconds,
        machine: machine::here(),
        versions: machine::versions(),
        outcomes: Vec::new(),
    };
    let bar = ProgressBar::new_spinner();
    let mut running = Vec::new();
    for kind in options.kinds() {
        bar.println(format!("starting {}", kind.name()));
        let (contender, trouble) = match Contender::start(kind, options).await {
            Ok(contender) => (Some(contender), None),
            Err(error) if matches!(kind, Kind::Bare | Kind::Embedded | Kind::Production) => {
                return Err(error.context(format!("starting {}", kind.name())));
            }
            Err(error) => (None, Some(format!("could not be started: {error:#}"))),
        };
        let about = contender.as_ref().map_or_else(About::default, |contender| contender.about.clone());
        let outcome = Outcome { kind, about, trouble, closed: Vec::new(), open: Vec::new(), peak_mib: 0 };
        running.push((contender, outcome));
    }
    for open in [false, true] {
        for round in 1..=options.runs {
            for (contender, outcome) in &mut running {
                let Some(contender) = contender else { continue };
                let pace = if open { "half load" } else { "full load" };
                bar.println(format!("{pace}, round {round} of {}: {}", options.runs, contender.kind.name()));
                match one(contender, outcome, (open, seconds), options.seed + u64::from(round)).await {
                    Ok(measured) if open => outcome.open.push(measured),
                    Ok(measured) => outcome.closed.push(measured),
                    Err(error) => outcome.trouble = Some(format!("{pace}, round {round}: {error:#}")),
                }
            }
        }
    }
    for (contender, mut outcome) in running {
        if let Some(contender) = contender {
            outcome.peak_mib = peak_mib(&with_children(&contender.pids));
            if let Err(error) = contender.stop().await {
                outcome.trouble.get_or_insert(format!("{error:#}"));
            }
        }
        results.outcomes.push(outcome);
    }
    Ok(results)
}

async fn one(
    contender: &Contender,
    outcome: &Outcome,
    (open, seconds): (bool, Seconds),
    seed: u64,
) -> Result<Measured> {
    let clients = contender.about.clients;
    let mut plan = if open {
        let Some(rate) = outcome.rate() else { bail!("there was no full load") };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small and not negative")]
        let half = (rate.median / 2.0) as u64;
        Plan::open(clients, half.max(1), seconds.open)
    } else {
        Plan::closed(clients, seconds.closed)
    };
    (plan.warm_up_s, plan.seed) = (seconds.warm_up, seed);
    contender.kind.name().clone_into(&mut plan.label);
    sleep(PAUSE).await;
    if let Some(users) = &contender.users {
        users.all_rested().await;
    }
    let before = cpu_s(&with_children(&contender.pids));
    let run = load::run(contender.scenario.as_ref(), &plan, true).await?;
    let cpu_s = (cpu_s(&with_children(&contender.pids)) - before).max(0.0);
    // The warm-up is not counted, and goes like the rest.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
    let operations = (run.per_second() * (run.took_s + seconds.warm_up as f64)) as u64;
    Ok(Measured { run, cpu_s, operations })
}

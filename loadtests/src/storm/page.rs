//! The page.

use super::report::{Report, Round};
use crate::bench::Spread;
use crate::page::{count, goals, list, ms, table, two};
use crate::stage::told;

/// Most wrong answers that are quoted.
const QUOTED: usize = 5;

/// The whole page; `pictures` are the lines that show them.
pub(super) fn markdown(report: &Report, pictures: &str) -> String {
    let head = report.origin.head("Other users during a guessing storm", "", "../README.md");
    [
        head + &played(report),
        format!("## Targets\n\n{}", goals(&report.goals())),
        format!("## Logins of the others\n\n{}", medians(report)),
        format!("## Round by round\n\n{}", rounds(report)),
        format!("## The guesses\n\n{}", guesses(report)),
        format!("## Pictures\n\n{pictures}"),
    ]
    .join("\n")
}

fn played(report: &Report) -> String {
    let found = told(report.saturation.as_ref(), report.share_percent);
    let plan = report.rounds.first().map(|round| &round.quiet.plan);
    let (seconds, warm_up, clients) = plan.map_or((0, 0, 0), |plan| (plan.seconds, plan.warm_up_s, plan.clients));
    format!(
        "{found}- {} rounds: a quiet run and one beside the storm, in turn, {seconds} s each after {warm_up} s of warm-up\n\
         - {} logins a second (a challenge, then a right code), on a schedule, of {} users over {clients} clients\n\
         - the storm: {} guesses a second at {} users, new ones in each round, over {} connections\n",
        report.rounds.len(),
        count(report.rate),
        count(report.users as u64),
        count(report.guesses_per_s),
        count(report.victims),
        count(report.attackers),
    )
}

fn medians(report: &Report) -> String {
    let told = |spread: Spread| format!("{} ({} to {})", ms(spread.median), two(spread.min), two(spread.max));
    let row = |(name, quantile): (&str, f64)| {
        let [quiet, hostile] = report.at(quantile)?.map(told);
        let times = report.times(quantile).map_or_else(String::new, |times| format!("{}x", two(times)));
        Some([name.to_owned(), quiet, hostile, times])
    };
    let rows = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)].into_iter().filter_map(row);
    table(&["median (least to most)", "quiet", "beside the storm", ""], rows)
}

fn rounds(report: &Report) -> String {
    let row = |(number, round): (u32, &Round)| {
        let at = |quantile| [&round.quiet, &round.hostile].map(|run| ms(run.latency.ms(quantile)));
        let ([p50, stormy_p50], [p99, stormy_p99]) = (at(0.5), at(0.99));
        let guesses = count(round.guesses.all());
        [number.to_string(), p50, stormy_p50, p99, stormy_p99, format!("{}x", two(round.ratio())), guesses]
    };
    let head = ["round", "p50, quiet", "p50, storm", "p99, quiet", "p99, storm", "p99 by p99", "guesses"];
    table(&head, (1..).zip(&report.rounds).map(row))
}

fn guesses(report: &Report) -> String {
    let guesses = report.guesses();
    let mut lines = vec![
        format!("{} were evaluated and wrong: five of each victim, then its factor is locked", count(guesses.wrong)),
        format!("{} were refused without being evaluated, because the factor was locked", count(guesses.locked)),
        format!("{} were not decided (503, or another guess was faster)", count(guesses.refused)),
        format!("{} had no answer, {} were answered as must never be", guesses.unanswered, guesses.violations),
        format!(
            "{} of {} logins of the others with a right code were not accepted",
            count(report.refused_logins()),
            count(report.logins())
        ),
    ];
    for run in report.rounds.iter().flat_map(|round| [&round.quiet, &round.hostile]) {
        let label = &run.plan.label;
        lines.extend(run.doubts().into_iter().map(|doubt| format!("a run {label}: {doubt}")));
        lines.extend(run.examples.iter().take(QUOTED).map(|example| format!("**a run {label}: {example}**")));
    }
    list(&lines)
}

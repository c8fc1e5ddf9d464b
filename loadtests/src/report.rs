//! The table of a run.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use std::time::Duration;

use hdrhistogram::Histogram;

/// What a round measured.
#[derive(Debug)]
pub struct Round {
    /// Requests.
    pub count: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Microseconds from request to answer.
    pub latencies: Histogram<u64>,
    /// Answers that were not the right ones.
    pub wrong_answers: u64,
}

impl Round {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }
}

/// Prints every round and the median rate.
#[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
pub fn print(rounds: &[Round]) {
    let ms = |h: &Histogram<u64>, q: f64| h.value_at_quantile(q) as f64 / 1000.0;
    println!(
        "{:>5} {:>9} {:>12} {:>9} {:>9} {:>9} {:>6}",
        "round", "requests", "per second", "p50 ms", "p99 ms", "max ms", "wrong"
    );
    for (n, round) in rounds.iter().enumerate() {
        println!(
            "{:>5} {:>9} {:>12.0} {:>9.2} {:>9.2} {:>9.2} {:>6}",
            n + 1,
            round.count,
            round.per_second(),
            ms(&round.latencies, 0.5),
            ms(&round.latencies, 0.99),
            round.latencies.max() as f64 / 1000.0,
            round.wrong_answers
        );
    }
    let mut rates: Vec<f64> = rounds.iter().map(Round::per_second).collect();
    rates.sort_by(f64::total_cmp);
    if let Some(median) = rates.get(rates.len() / 2) {
        println!("median: {median:.0} verifications a second");
    }
}

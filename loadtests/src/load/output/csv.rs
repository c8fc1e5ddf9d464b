//! One line a second.

use std::fmt::Write as _;

use super::super::run::Run;

/// A head, and a line for each second after the warm-up. Numbers only, so nothing needs quoting.
pub fn csv(run: &Run) -> String {
    let mut text = "second,done,refused,failed,p50_ms,p99_ms\n".to_owned();
    for second in &run.timeline {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{:.3},{:.3}",
            second.at_s, second.done, second.refused, second.failed, second.p50_ms, second.p99_ms
        );
    }
    text
}

//! The line that is alive while a run goes on.

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::{Pace, Plan};
use super::recorder::Recorder;

/// Shows nothing where there is no terminal, or nobody wants it.
#[derive(Debug)]
pub(super) struct Live(ProgressBar);

impl Live {
    pub(super) fn new(scenario: &str, plan: &Plan, shown: bool) -> Self {
        if !shown {
            return Self(ProgressBar::hidden());
        }
        let pace = match plan.pace {
            Pace::Open { per_second } => format!("{per_second}/s"),
            Pace::Closed => "closed loop".to_owned(),
        };
        let bar = ProgressBar::new(plan.seconds);
        let style = ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len} s {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(format!("{scenario} {} {pace}, {} clients", plan.label, plan.clients));
        Self(bar)
    }

    /// Shows the last whole second.
    pub(super) fn show(&self, recorder: &Recorder) {
        let Some(second) = recorder.timeline.last() else {
            self.0.set_message("warming up");
            return;
        };
        self.0.set_position(second.at_s + 1);
        self.0.set_message(format!(
            "{}/s  p50 {:.1} ms  p99 {:.1} ms  {} refused  {} failures",
            second.done, second.p50_ms, second.p99_ms, second.refused, recorder.failures
        ));
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

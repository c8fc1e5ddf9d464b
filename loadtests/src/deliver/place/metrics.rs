//! What a process tells of itself at `/metrics`.

use std::time::Duration;

use anyhow::Result;

use super::{Place, Role};
use crate::client::{Connection, Target};

/// Longest wait for the metrics of a process.
const ANSWER: Duration = Duration::from_secs(5);

/// Where the log ends, and how far the read model has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Positions {
    /// The last position of the log.
    pub(crate) head: u64,
    /// The last one in the read model.
    pub(crate) projected: u64,
}

impl Place {
    /// Positions as the process that projects tells them; it looks every few seconds.
    ///
    /// # Errors
    /// It does not answer, or not with these.
    pub(crate) async fn positions(&self) -> Result<Positions> {
        let Some(projects) = self.project.first().or(self.api.first()) else { anyhow::bail!("nobody projects") };
        let text = of(projects).await?;
        let (Some(head), Some(lag)) = (sum(&text, "_log_head"), sum(&text, "_projector_lag_commits")) else {
            anyhow::bail!("{} tells no positions", projects.name());
        };
        Ok(Positions { head: whole(head), projected: whole(head - lag) })
    }
}

/// All of a process.
pub(super) async fn of(role: &Role) -> Result<String> {
    let target = Target { authority: role.address().to_string(), key: String::new() };
    let asked = async {
        let mut connection = Connection::open(&target).await?;
        anyhow::Ok(String::from_utf8_lossy(connection.send("GET", "/metrics", "").await?.body).into_owned())
    };
    tokio::time::timeout(ANSWER, asked).await?
}

/// The sum of a metric over all its labels, if there is one whose name ends so.
pub(super) fn sum(text: &str, name: &str) -> Option<f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.filter_map(|line| {
        let (what, value) = line.rsplit_once(' ')?;
        let bare = what.split('{').next().unwrap_or(what);
        bare.ends_with(name).then(|| value.parse::<f64>().ok())?
    });
    samples.fold(None, |sum, sample| Some(sum.unwrap_or(0.0) + sample))
}

/// A count, which is whole and not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole and not negative")]
pub(super) fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels_and_comments_are_left_out() {
        let text = "# HELP twofold_delivery_accepted x 9\ntwofold_delivery_accepted_total{channel=\"sms\"} 3\n\
                    twofold_delivery_accepted_total{channel=\"email\"} 4\ntwofold_delivery_dead_total 7\n";
        assert_eq!(sum(text, "delivery_accepted_total").map(whole), Some(7));
        assert_eq!(sum(text, "absent_total"), None);
    }
}

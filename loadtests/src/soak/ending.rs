//! The end: the product is stopped as an operator does it, and its log is read.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::deliver::place::Place;

/// Longest wait for `verify-log`: millions of commits are read and folded.
const VERIFIES: Duration = Duration::from_hours(1);

/// What the end brought to light.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Why a process did not end as it should.
    pub trouble: Option<String>,
    /// What `twofold verify-log` said, or why it failed.
    pub said: Vec<String>,
    /// Whether it found everything sound.
    pub sound: bool,
    /// How long it took, in seconds.
    pub took_s: f64,
}

/// Stops everything and reads the log. What goes wrong is told, and no reason to forget what was measured.
pub(super) async fn end(place: &mut Place) -> Ending {
    let trouble = place.stop().await.err().map(|error| format!("{error:#}"));
    let begun = Instant::now();
    let verified = place.run(&["verify-log"], VERIFIES).await;
    let took_s = begun.elapsed().as_secs_f64();
    let lines = |text: &str| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().map(words).filter(|line| !line.is_empty()).collect()
    };
    match verified {
        Ok(text) => {
            let said = lines(&text);
            let sound = said.iter().any(|line| line == "sound");
            Ending { trouble, said, sound, took_s }
        }
        Err(error) => Ending { trouble, said: lines(&format!("{error:#}")), sound: false, took_s },
    }
}

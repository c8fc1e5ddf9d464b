//! `twofold verify-log`: every chain, and the read model against the log.

use super::Verdict;
use crate::faults::house::House;

/// Runs it. Its last lines are what it is about.
pub fn verdict(house: &House) -> Verdict {
    let promise = "every commit continues its chain, and the read model is what the log says";
    match tokio::task::block_in_place(|| house.run(&["verify-log"])) {
        Ok(text) => {
            let about = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            Verdict { promise, about: about.collect::<Vec<_>>().join("; "), against: Vec::new() }
        }
        Err(error) => Verdict { promise, about: String::new(), against: vec![format!("{error:#}")] },
    }
}

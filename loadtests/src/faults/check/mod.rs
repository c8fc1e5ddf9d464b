//! The verdict: what the log holds against what was acknowledged.

mod holdings;
mod letters;
mod sound;

use anyhow::Result;

use super::clients::{Acknowledged, Steps};
use super::house::House;

pub use self::holdings::Holdings;
pub use self::letters::Letters;

/// One promise and how it fared.
#[derive(Debug)]
pub struct Verdict {
    /// The promise.
    pub promise: &'static str,
    /// Numbers, for people.
    pub about: String,
    /// What speaks against it.
    pub against: Vec<String>,
}

impl Verdict {
    /// Whether nothing speaks against it.
    pub fn holds(&self) -> bool {
        self.against.is_empty()
    }
}

/// Reads the log and compares.
pub async fn check(house: &House, acknowledged: &[Acknowledged], open: &Steps) -> Result<Vec<Verdict>> {
    let letters = Letters::settled(house).await?;
    let holdings = Holdings::read(house).await?;
    Ok(vec![
        holdings.present(acknowledged),
        holdings.once(acknowledged),
        holdings.nothing_else(acknowledged, open),
        letters.verdict(house)?,
        sound::verdict(house),
    ])
}

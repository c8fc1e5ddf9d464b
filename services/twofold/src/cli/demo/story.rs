//! The frame of the story: numbered steps, what is shown of each, and what it means that one does not behave.

use twofold_crypto::{OsRandom, Random as _};

use super::client::{Answer, Client};
use crate::failure::Failure;
use crate::output;

/// The story so far.
pub struct Story {
    pub client: Client,
    /// The panel's own id of the user; a new one in every run.
    pub user: String,
    step: u32,
    title: &'static str,
}

impl Story {
    pub fn new(client: Client) -> Self {
        let drawn = OsRandom.bytes16();
        let user = format!("demo-{:08x}", u32::from_be_bytes([drawn[0], drawn[1], drawn[2], drawn[3]]));
        Self { client, user, step: 0, title: "" }
    }

    /// The user's part of a path.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/users/{}{rest}", self.user)
    }

    /// Begins a step.
    pub fn step(&mut self, title: &'static str) {
        self.step += 1;
        self.title = title;
        output::line("");
        output::line(format!("{:>2}. {title}", self.step));
    }

    /// Shows something of the step.
    pub fn show(text: impl AsRef<str>) {
        text.as_ref().lines().for_each(|line| output::line(format!("    {line}")));
    }

    /// Shows the answer, and goes on only if it is as it must be.
    pub fn must(&self, answer: &Answer, status: u16, condition: bool) -> Result<(), Failure> {
        Self::show(format!("-> {}", answer.summary()));
        if answer.status == status && condition {
            Ok(())
        } else {
            Err(self.misbehaved(&format!("expected status {status}, got: {}", answer.body)))
        }
    }

    /// The step did not behave.
    pub fn misbehaved(&self, why: &str) -> Failure {
        Failure::new(format!("step {} ({}) did not behave: {why}", self.step, self.title))
    }
}

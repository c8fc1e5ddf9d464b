//! A log whose power is cut.

use std::process::Command;

use anyhow::{Context, Result};

use super::load::{Entry, Receipt};
use crate::random::Dice;

/// A log in a process of its own, on the machine whose power fails.
pub trait Victim {
    /// What it is, and under which setting.
    fn name(&self) -> (&'static str, &'static str);

    /// Whether it promises that nothing acknowledged is lost.
    fn promises(&self) -> bool;

    /// Starts it on whatever the disk holds; answers everything that is in the log.
    ///
    /// # Errors
    /// It does not start, or cannot be read: the power loss has destroyed it.
    async fn open(&mut self) -> Result<Vec<Entry>>;

    /// Appends until so many were acknowledged, and goes on appending in the background.
    async fn append(&mut self, enough: usize, dice: &mut Dice) -> Result<Vec<Receipt>>;

    /// The process to kill.
    fn pid(&self) -> Option<u32>;

    /// Waits for the end of the killed process; answers what else had been acknowledged.
    async fn end(&mut self) -> Result<Vec<Receipt>>;
}

/// Kills without waiting: the process may be stuck in the kernel until its disk is buried.
pub fn strike(pid: u32) -> Result<()> {
    // The shell's own `kill`: not every machine has the program.
    Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status().context("sh")?;
    Ok(())
}

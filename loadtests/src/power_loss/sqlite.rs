//! The SQLite log in a child process.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::child::{Line, parse};
use super::load::{Entry, Receipt};
use super::victim::Victim;
use crate::random::Dice;

/// Longest silence of a child that is not stuck.
const PATIENCE: Duration = Duration::from_mins(1);

/// The log and its child.
#[derive(Debug)]
pub struct Sqlite {
    file: PathBuf,
    safe: bool,
    writers: u64,
    dice: Dice,
    child: Option<(Child, Lines<BufReader<ChildStdout>>)>,
}

impl Sqlite {
    /// A log in this file; `safe` waits for the disk.
    pub fn new(file: PathBuf, safe: bool, writers: u64, dice: Dice) -> Self {
        Self { file, safe, writers, dice, child: None }
    }

    fn spawn(&mut self) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["append", "--writers", &self.writers.to_string(), "--seed", &self.dice.next().to_string()]);
        command.arg("--file").arg(&self.file);
        if !self.safe {
            command.arg("--unsafe-off");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("piped")?).lines();
        self.child = Some((child, lines));
        Ok(())
    }

    /// The child's next line; `None` is its end.
    async fn line(&mut self) -> Result<Option<Line>> {
        let (_, lines) = self.child.as_mut().context("a child")?;
        match timeout(PATIENCE, lines.next_line()).await.context("the child is stuck")?? {
            Some(line) => parse(&line).map(Some),
            None => Ok(None),
        }
    }
}

impl Victim for Sqlite {
    fn name(&self) -> (&'static str, &'static str) {
        ("SQLite", if self.safe { "synchronous=FULL" } else { "synchronous=OFF" })
    }

    fn promises(&self) -> bool {
        self.safe
    }

    async fn open(&mut self) -> Result<Vec<Entry>> {
        self.spawn()?;
        let mut found = Vec::new();
        loop {
            match self.line().await? {
                Some(Line::Found(entry)) => found.push(entry),
                Some(Line::Ready) => return Ok(found),
                Some(Line::Acknowledged(_) | Line::Cut) | None => bail!("the log does not open"),
            }
        }
    }

    async fn append(&mut self, enough: usize, _dice: &mut Dice) -> Result<Vec<Receipt>> {
        let (child, _) = self.child.as_mut().context("a child")?;
        child.stdin.as_mut().context("piped")?.write_all(b"go\n").await?;
        let mut receipts = Vec::with_capacity(enough);
        while receipts.len() < enough {
            match self.line().await? {
                Some(Line::Acknowledged(receipt)) => receipts.push(receipt),
                other => bail!("the child said {other:?}"),
            }
        }
        Ok(receipts)
    }

    fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(|(child, _)| child.id())
    }

    async fn end(&mut self) -> Result<Vec<Receipt>> {
        let mut receipts = Vec::new();
        while let Some(line) = self.line().await? {
            match line {
                Line::Acknowledged(receipt) => receipts.push(receipt),
                Line::Cut => {}
                Line::Found(_) | Line::Ready => ensure!(receipts.is_empty(), "the child began again"),
            }
        }
        if let Some((mut child, _)) = self.child.take() {
            child.wait().await?;
        }
        Ok(receipts)
    }
}

//! A real mail server in a process of its own, which keeps what it is given and misbehaves as told.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::certificates::{TestIdentity, identity};
use crate::python;

/// How connections to the sink are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkTls {
    /// Not at all; `STARTTLS` is not offered.
    Plain,
    /// `STARTTLS` is demanded.
    Starttls,
    /// From the first byte.
    Implicit,
}

/// A sink to start.
#[derive(Debug, Clone)]
pub struct SinkOptions {
    /// See [`SinkTls`].
    pub tls: SinkTls,
    /// Demand this user and password.
    pub auth: Option<(String, String)>,
    /// Take a bare LF for a line end, as servers open to smuggling do.
    pub lenient: bool,
    /// Names in the certificate; `localhost` unless told.
    pub names: Vec<&'static str>,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self { tls: SinkTls::Plain, auth: None, lenient: false, names: vec!["localhost"] }
    }
}

/// Stages at which the sink can be told to answer differently: a reply such as `450 later`, `hang`, or `cut`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// After `MAIL FROM`.
    Mail,
    /// After `RCPT TO`.
    Rcpt,
    /// After `DATA`, before the message.
    DataCommand,
    /// After the message. With `hang` and `cut` it has been kept.
    Data,
}

/// A message the sink kept.
#[derive(Debug, Clone, Deserialize)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub mail_from: String,
    /// The envelope's recipients.
    pub rcpt_tos: Vec<String>,
    /// Parameters of `MAIL` and `RCPT`.
    pub options: Vec<String>,
    /// The name in `EHLO`.
    pub hello: String,
    /// The client's port: equal for messages on one connection.
    pub peer_port: u16,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Who logged in.
    pub login: Option<String>,
    /// The bytes after `DATA`, dots unstuffed.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl ReceivedMail {
    /// The message as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Header names and values in order, unfolded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = self.text().replace("\r\n ", " ").replace("\r\n\t", " ");
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        head.split("\r\n").filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect()
    }
}

/// A running sink; stopped when dropped.
#[derive(Debug)]
pub struct SmtpSink {
    child: Child,
    home: TempDir,
    port: u16,
    identity: TestIdentity,
}

impl SmtpSink {
    /// Starts a sink on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// No Python, or a server that does not start.
    pub fn start(options: &SinkOptions) -> Result<Self> {
        let site = python::packages()?;
        let home = tempfile::tempdir()?;
        let identity = identity(&options.names)?;
        fs::write(home.path().join("cert.pem"), &identity.cert_pem)?;
        fs::write(home.path().join("key.pem"), &identity.key_pem)?;
        let tls = match options.tls {
            SinkTls::Plain => "plain",
            SinkTls::Starttls => "starttls",
            SinkTls::Implicit => "implicit",
        };
        let told = json!({ "tls": tls, "auth": options.auth, "lenient": options.lenient });
        fs::write(home.path().join("options.json"), told.to_string())?;
        let log = fs::File::create(home.path().join("log.txt"))?;
        let mut child = Command::new("python3")
            .arg(python::script("smtp_sink.py"))
            .arg(home.path())
            .env("PYTHONPATH", site)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("python3 is needed for this test")?;
        match listening_on(&mut child) {
            Ok(port) => Ok(Self { child, home, port, identity }),
            Err(error) => {
                stop(&mut child);
                let log = fs::read_to_string(home.path().join("log.txt")).unwrap_or_default();
                Err(error.context(log))
            }
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The root behind its certificate, in DER.
    pub fn root_der(&self) -> Vec<u8> {
        self.identity.root_der.clone()
    }

    /// Tells it how to answer from now on; stages not named are answered as usual.
    ///
    /// # Errors
    /// A directory that cannot be written.
    pub fn behave(&self, stages: &[(Stage, &str)]) -> Result<()> {
        let name = |stage: &Stage| match stage {
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::DataCommand => "data_command",
            Stage::Data => "data",
        };
        let told: BTreeMap<&str, &str> = stages.iter().map(|(stage, answer)| (name(stage), *answer)).collect();
        let draft = self.home.path().join("control.part");
        fs::write(&draft, serde_json::to_vec(&told)?)?;
        fs::rename(draft, self.home.path().join("control.json"))?;
        Ok(())
    }

    /// What it has kept, in order.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn messages(&self) -> Result<Vec<ReceivedMail>> {
        let mut found = Vec::new();
        for number in 1.. {
            let stem = self.home.path().join(format!("{number:06}"));
            let facts = stem.with_extension("json");
            if !facts.exists() {
                break;
            }
            found.push(read_message(&facts, &stem.with_extension("eml"))?);
        }
        Ok(found)
    }

    /// Waits until it has kept some messages.
    ///
    /// # Errors
    /// Too few within the time.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Result<Vec<ReceivedMail>> {
        let until = Instant::now() + limit;
        loop {
            let found = self.messages()?;
            if found.len() >= count {
                return Ok(found);
            }
            if Instant::now() >= until {
                bail!("{} of {count} messages within {limit:?}", found.len());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn read_message(facts: &Path, raw: &Path) -> Result<ReceivedMail> {
    let mut mail: ReceivedMail = serde_json::from_slice(&fs::read(facts)?)?;
    mail.raw = fs::read(raw)?;
    Ok(mail)
}

fn listening_on(child: &mut Child) -> Result<u16> {
    let stdout = child.stdout.take().context("no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let port = line.trim().strip_prefix("PORT ").context("the sink did not start")?;
    Ok(port.parse()?)
}

fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

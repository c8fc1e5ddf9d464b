//! One connection to a mail server.

use data_encoding::BASE64;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use super::super::book::{Book, Came};
use super::super::profile::{HANG, Mishap};
use super::super::{LOGIN, Provider, TOKEN};
use super::line::{Reader, address};
use crate::codes::code_in_mail;

/// Recipients of one message, at most.
const RECIPIENTS_MAX: usize = 100;

/// How a connection ended.
pub(super) enum End<S> {
    /// For good.
    Closed,
    /// TLS is to begin on it.
    Upgrade(S),
}

/// A connection and what its server is like.
pub(super) struct Session<'a, S> {
    pub(super) stream: S,
    pub(super) provider: &'a Provider,
    pub(super) book: &'a Book,
    /// Nothing is taken before TLS.
    pub(super) starttls: bool,
    /// Nothing is taken before a login.
    pub(super) auth: bool,
}

/// The message under way.
#[derive(Default)]
struct Envelope {
    sender: bool,
    recipients: Vec<String>,
    fate: Option<Mishap>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// A connection from its first byte.
    pub(super) async fn greet(mut self) -> Option<End<S>> {
        self.say("220 simulator.example ESMTP").await?;
        self.serve().await
    }

    /// Commands until the end. Nothing: it ended in the middle.
    pub(super) async fn serve(mut self) -> Option<End<S>> {
        let (mut reader, mut envelope, mut logged_in) = (Reader::default(), Envelope::default(), false);
        loop {
            let line = reader.line(&mut self.stream).await?;
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.capabilities().await?,
                "HELO" | "NOOP" => self.say("250 ok").await?,
                "RSET" => {
                    envelope = Envelope::default();
                    self.say("250 ok").await?;
                }
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Some(End::Closed);
                }
                "STARTTLS" if self.starttls => {
                    self.say("220 go ahead").await?;
                    return Some(End::Upgrade(self.stream));
                }
                "AUTH" if self.auth && !self.starttls => logged_in = self.log_in(&mut reader, argument).await?,
                "MAIL" if self.starttls => self.say("530 5.7.0 STARTTLS first").await?,
                "MAIL" if self.auth && !logged_in => self.say("530 5.7.0 log in first").await?,
                "MAIL" => self.begin(&mut envelope).await?,
                "RCPT" if envelope.sender && envelope.recipients.len() < RECIPIENTS_MAX => {
                    envelope.recipients.push(address(argument).to_owned());
                    self.say("250 ok").await?;
                }
                "DATA" if !envelope.recipients.is_empty() => {
                    self.say("354 go ahead").await?;
                    let text = reader.message(&mut self.stream).await?;
                    self.take(std::mem::take(&mut envelope), &text).await?;
                }
                "RCPT" | "DATA" | "AUTH" => self.say("503 5.5.1 not now").await?,
                _ => self.say("502 5.5.1 not here").await?,
            }
        }
    }

    async fn capabilities(&mut self) -> Option<()> {
        let mut lines = vec!["simulator.example", "8BITMIME", "SMTPUTF8"];
        if self.starttls {
            lines.push("STARTTLS");
        } else if self.auth {
            lines.push("AUTH PLAIN LOGIN");
        }
        let last = lines.len() - 1;
        let mark = |at| if at == last { ' ' } else { '-' };
        let all: Vec<String> = lines.iter().enumerate().map(|(at, text)| format!("250{}{text}", mark(at))).collect();
        self.say(&all.join("\r\n")).await
    }

    /// Draws what happens to the message. In half the cases a hanging server hangs here already.
    async fn begin(&mut self, envelope: &mut Envelope) -> Option<()> {
        let (fate, pause) = self.provider.draw();
        sleep(pause).await;
        if fate == Mishap::Hang && self.provider.dice.lock().percent(50) {
            sleep(HANG).await;
            return None;
        }
        *envelope = Envelope { sender: true, recipients: Vec::new(), fate: Some(fate) };
        self.say("250 ok").await
    }

    async fn take(&mut self, envelope: Envelope, text: &str) -> Option<()> {
        let fate = envelope.fate.unwrap_or(Mishap::None);
        let code = code_in_mail(text).unwrap_or_default();
        for recipient in &envelope.recipients {
            self.book.note(Came { provider: self.provider.number, recipient, code: &code, mishap: fate });
        }
        match fate {
            Mishap::None => self.say("250 2.0.0 queued").await,
            Mishap::Busy => self.say("451 4.3.0 try again later").await,
            Mishap::Refused => self.say("554 5.7.1 refused").await,
            Mishap::Cut => None,
            Mishap::Hang => {
                sleep(HANG).await;
                None
            }
        }
    }

    /// `AUTH PLAIN` with or without its answer on the same line, or `AUTH LOGIN`.
    async fn log_in(&mut self, reader: &mut Reader, argument: &str) -> Option<bool> {
        let (mechanism, first) = argument.split_once(' ').unwrap_or((argument, ""));
        let said = if mechanism.eq_ignore_ascii_case("PLAIN") {
            let answer = if first.is_empty() { self.ask(reader, "334 ").await? } else { first.to_owned() };
            let clear = decoded(&answer);
            let mut parts = clear.split('\0').skip(1).map(ToOwned::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            let user = self.ask(reader, "334 VXNlcm5hbWU6").await?;
            (decoded(&user), decoded(&self.ask(reader, "334 UGFzc3dvcmQ6").await?))
        };
        let good = said == (LOGIN.to_owned(), TOKEN.to_owned());
        self.say(if good { "235 2.7.0 welcome" } else { "535 5.7.8 no" }).await?;
        Some(good)
    }

    async fn ask(&mut self, reader: &mut Reader, question: &str) -> Option<String> {
        self.say(question).await?;
        reader.line(&mut self.stream).await
    }

    async fn say(&mut self, line: &str) -> Option<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
        self.stream.flush().await.ok()
    }
}

fn decoded(text: &str) -> String {
    BASE64.decode(text.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

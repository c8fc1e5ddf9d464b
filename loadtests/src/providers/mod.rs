//! Providers that misbehave as told: SMTP, Twilio's Messages resource and a plain HTTP interface, on this machine.
//!
//! Every provider has a number, an SMTP port of its own and a path of its own on one HTTP port. What they are given is
//! in one [`Book`]. Faults are drawn from a seed.

mod book;
mod callback;
mod profile;
mod run;
mod sms;
mod smtp;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use twofold_test_support::TwilioAccount;

pub use self::book::{Book, Came, Entry, now_ms};
use self::callback::Callbacks;
pub use self::profile::{Character, HANG, Mishap, Profile};
pub use self::run::{Options, run};
use self::sms::SmsSide;
use self::smtp::{MailSide, Protection};
use crate::random::Dice;

/// The token every Twilio account here has, and the password of every mailbox. It protects nothing.
pub const TOKEN: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
/// The user of every SMTP server.
pub const LOGIN: &str = "codes";

/// How the simulator is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// One provider for each.
    pub profiles: Vec<Profile>,
    /// The same seed draws the same faults, as far as messages come in the same order.
    pub seed: u64,
    /// Demand `STARTTLS` by mail.
    pub starttls: bool,
    /// Demand a login by mail.
    pub auth: bool,
    /// Messages in a hundred that Twilio reports as undelivered in the end, if it is asked to report at all.
    pub undelivered_percent: u64,
}

impl Setup {
    /// Without TLS, login and undelivered messages.
    pub fn plain(profiles: Vec<Profile>, seed: u64) -> Self {
        Self { profiles, seed, starttls: false, auth: false, undelivered_percent: 0 }
    }
}

/// One provider's character, and the dice for its faults.
#[derive(Debug)]
struct Provider {
    number: usize,
    profile: Profile,
    dice: Mutex<Dice>,
}

impl Provider {
    fn draw(&self) -> (Mishap, std::time::Duration) {
        self.profile.draw(&mut self.dice.lock())
    }
}

/// Running providers; they end when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    smtp: Vec<SocketAddr>,
    http: SocketAddr,
    book: Arc<Book>,
    callbacks: Arc<Callbacks>,
    root_der: Option<Vec<u8>>,
    _tasks: JoinSet<()>,
}

impl Simulator {
    /// Starts on free ports of 127.0.0.1.
    ///
    /// # Errors
    /// No port left, or no certificate.
    pub async fn start(setup: Setup) -> Result<Self> {
        let mut dice = Dice::new(setup.seed);
        let providers: Arc<[Provider]> = setup
            .profiles
            .iter()
            .enumerate()
            .map(|(number, profile)| Provider { number, profile: *profile, dice: Mutex::new(dice.split()) })
            .collect();
        let book = Arc::new(Book::default());
        let mut tasks = JoinSet::new();
        let protection = Protection::new(setup.starttls, setup.auth)?;
        let root_der = protection.root_der();
        let mail = Arc::new(MailSide { providers: Arc::clone(&providers), book: Arc::clone(&book), protection });
        let mut smtp = Vec::new();
        for number in 0..providers.len() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            smtp.push(listener.local_addr()?);
            tasks.spawn(Arc::clone(&mail).serve(number, listener));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let http = listener.local_addr()?;
        let callbacks = Callbacks::start(setup.undelivered_percent, dice.split(), &mut tasks);
        let side = SmsSide::new(providers, Arc::clone(&book), Arc::clone(&callbacks), dice);
        tasks.spawn(Arc::new(side).serve(listener));
        Ok(Self { smtp, http, book, callbacks, root_der, _tasks: tasks })
    }

    /// What they were given.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// How many providers there are.
    pub fn count(&self) -> usize {
        self.smtp.len()
    }

    /// The SMTP port of a provider.
    pub fn smtp_port(&self, provider: usize) -> u16 {
        self.smtp[provider].port()
    }

    /// The root behind the certificate, in DER, when `STARTTLS` is demanded.
    pub fn root_der(&self) -> Option<&[u8]> {
        self.root_der.as_deref()
    }

    /// Status callbacks that were answered 2xx, and those that were not.
    pub fn callbacks(&self) -> (u64, u64) {
        self.callbacks.counts()
    }

    /// A tenant's e-mail channel that leads to a provider.
    pub fn email_channel(&self, provider: usize) -> Value {
        json!({
            "transport": "smtp", "host": "127.0.0.1", "port": self.smtp_port(provider), "tls": "none",
            "from": "codes@panel.example", "hello_name": "twofold.example",
        })
    }

    /// A tenant's SMS channel that leads to a provider's Twilio interface.
    pub fn twilio_channel(&self, provider: usize) -> Value {
        let account = account(provider);
        json!({
            "provider": "twilio",
            "twilio": {
                "base_url": format!("http://{}/p{provider}", self.http), "account_sid": account.account_sid,
                "auth_token": account.password, "from": "+15005550006",
            },
        })
    }

    /// A tenant's SMS channel that leads to a provider's plain interface.
    pub fn http_channel(&self, provider: usize) -> Value {
        json!({
            "provider": "http",
            "http": {
                "url": format!("http://{}/p{provider}/send", self.http), "format": "json",
                "headers": { "X-Api-Key": TOKEN },
                "body": "{\"to\": {{ to }}, \"text\": {{ body }}, \"ttl\": {{ validity_secs }}, \"ref\": {{ reference }}}",
            },
        })
    }
}

/// The Twilio account of a provider.
fn account(provider: usize) -> TwilioAccount {
    let account_sid = format!("AC{provider:032x}");
    TwilioAccount { user: account_sid.clone(), account_sid, password: TOKEN.to_owned() }
}

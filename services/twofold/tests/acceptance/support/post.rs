//! A mail server and an SMS provider that keep what they are given.

use std::collections::BTreeMap;
use std::time::Duration;

use twofold_test_support::{HttpRequest, SinkOptions, SmtpSink, TwilioAccount, TwilioStub};

use super::clock::eventually;
use super::server::Home;
use super::tools::{Letter, code_in, read_mail};

pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
const LIMIT: Duration = Duration::from_secs(30);

/// Where codes arrive.
#[derive(Debug)]
pub struct Post {
    pub sink: SmtpSink,
    pub twilio: TwilioStub,
    pub password: String,
    pub token: String,
    /// Keeps the SMS provider alive.
    _runtime: tokio::runtime::Runtime,
}

impl Post {
    /// Starts both with these credentials.
    pub fn start(password: &str, token: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let auth = Some(("panel".to_owned(), password.to_owned()));
        let sink = SmtpSink::start(&SinkOptions { auth, ..SinkOptions::default() }).expect("a mail server");
        let account = TwilioAccount {
            account_sid: ACCOUNT_SID.to_owned(),
            user: ACCOUNT_SID.to_owned(),
            password: token.to_owned(),
        };
        let twilio = runtime.block_on(TwilioStub::start(account)).expect("an SMS provider");
        Self { sink, twilio, password: password.to_owned(), token: token.to_owned(), _runtime: runtime }
    }

    /// Tells a tenant to send through these.
    pub fn connect(&self, home: &Home, tenant: &str) {
        self.connect_with(home, tenant, &self.password);
    }

    /// The same with another password for the mail server.
    pub fn connect_with(&self, home: &Home, tenant: &str, password: &str) {
        let email = format!(
            "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nusername = \"panel\"\npassword = \"{}\"\n\
             from = \"2fa@panel.example\"\nfrom_name = \"Panel\"\n",
            self.sink.port(),
            password,
        );
        home.channel(tenant, "email", &email);
        let sms = format!(
            "provider = \"twilio\"\n[twilio]\nbase_url = \"{}\"\naccount_sid = \"{ACCOUNT_SID}\"\nauth_token = \"{}\"\nfrom = \"+15005550006\"\n",
            self.twilio.url(),
            self.token,
        );
        home.channel(tenant, "sms", &sms);
    }

    /// Mails that arrived for an address, in order.
    pub fn mails(&self, address: &str) -> Vec<Letter> {
        let kept = self.sink.messages().expect("readable");
        kept.iter()
            .filter(|mail| mail.rcpt_tos.iter().any(|to| to == address))
            .map(|mail| read_mail(&mail.raw))
            .collect()
    }

    /// The n-th mail (from 1) with this subject for an address; waits for it.
    #[track_caller]
    pub fn mail(&self, address: &str, subject: &str, nth: usize) -> Letter {
        eventually(&format!("mail {nth} {subject:?} to {address}"), LIMIT, || {
            self.mails(address).into_iter().filter(|letter| letter.subject == subject).nth(nth - 1)
        })
    }

    /// The code in that mail.
    #[track_caller]
    pub fn mailed_code(&self, address: &str, subject: &str, nth: usize) -> String {
        code_in(&self.mail(address, subject, nth).text, 6)
    }

    /// The n-th text message (from 1) to a number; waits for it and checks the request that carried it.
    #[track_caller]
    pub fn sms(&self, number: &str, nth: usize) -> BTreeMap<String, String> {
        let to_number = |request: &HttpRequest| {
            let form: BTreeMap<String, String> = request.form().into_iter().collect();
            (form.get("To").map(String::as_str) == Some(number)).then(|| (request.clone(), form))
        };
        let (request, form) = eventually(&format!("SMS {nth} to {number}"), LIMIT, || {
            self.twilio.requests().iter().filter_map(to_number).nth(nth - 1)
        });
        assert_eq!(request.method, "POST");
        assert_eq!(request.target, format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"));
        assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
        let login =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{ACCOUNT_SID}:{}", self.token));
        assert_eq!(request.header("authorization"), format!("Basic {login}"));
        assert_eq!(form.get("From").map(String::as_str), Some("+15005550006"), "{form:?}");
        form
    }

    /// The code in that text message; it must be worth sending for as long as the code lives, and no longer.
    #[track_caller]
    pub fn texted_code(&self, number: &str, nth: usize) -> String {
        let form = self.sms(number, nth);
        let validity: u64 = form.get("ValidityPeriod").expect("a validity period").parse().expect("a number");
        assert!((1..=300).contains(&validity) && validity >= 240, "{form:?}");
        code_in(form.get("Body").expect("a body"), 6)
    }
}

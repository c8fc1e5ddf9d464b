//! The e-mail channel.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::secret::{exposed, is_sendable};
use super::{ConfigErrors, check_pace, check_timeout, default_timeout_ms, put_if_set};
use crate::transport::guard::literal_address;
use crate::transport::line::{is_host_name, is_one_line, normalise_address};
use crate::transport::message::Mailbox;

/// How mail leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTransport {
    /// Into a local directory.
    #[default]
    Outbox,
    /// To a mail server.
    Smtp,
}

/// How the connection to the mail server is protected. There is no "if offered": that is no protection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// In clear. For a relay on this machine.
    None,
    /// `STARTTLS` (RFC 3207), and no mail without it. Usually port 587.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314). Usually port 465.
    Tls,
}

/// A tenant's e-mail channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailChannel {
    /// Its name among several; `default` when there is only one.
    #[serde(default)]
    pub name: Option<String>,
    /// Messages handed over at once by one process, 1 to 256.
    #[serde(default)]
    pub max_in_flight: Option<u32>,
    /// Messages handed over in a second by one process, 1 to 10,000; no limit unless told.
    #[serde(default)]
    pub max_per_second: Option<u32>,
    /// `smtp` or `outbox`.
    pub transport: EmailTransport,
    /// The mail server's name or address.
    #[serde(default)]
    pub host: Option<String>,
    /// Its port; 587 unless told, 465 with `tls`.
    #[serde(default)]
    pub port: Option<u16>,
    /// `none`, `starttls` or `tls`.
    #[serde(default)]
    pub tls: TlsMode,
    /// Together with a password: `AUTH PLAIN` or `AUTH LOGIN`.
    #[serde(default)]
    pub username: Option<String>,
    /// See `username`.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Send the password over an unprotected connection to another machine. Off unless somebody means it.
    #[serde(default)]
    pub allow_plaintext_auth: bool,
    /// The name given in `EHLO`; this machine's own unless told.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// The sender's address, in the header and on the envelope.
    pub from: String,
    /// The sender's name.
    #[serde(default)]
    pub from_name: Option<String>,
    /// Where answers go.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// For one whole attempt; 100 to 30,000, default 10,000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
}

impl EmailChannel {
    /// Checks every field.
    ///
    /// # Errors
    /// All the defects, not only the first.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::default();
        if self.transport == EmailTransport::Smtp {
            self.check_server(&mut errors);
        }
        errors.require("from", normalise_address(&self.from).is_some(), "must be a plain e-mail address");
        let name_fits = self.from_name.as_deref().is_none_or(|n| is_one_line(n) && n.len() <= 128);
        errors.require("from_name", name_fits, "must be one line of at most 128 bytes");
        let reply_fits = self.reply_to.as_deref().is_none_or(|a| normalise_address(a).is_some());
        errors.require("reply_to", reply_fits, "must be a plain e-mail address");
        check_timeout(&mut errors, self.timeout_ms);
        check_pace(&mut errors, self.max_in_flight, self.max_per_second);
        errors.into_result()
    }

    fn check_server(&self, errors: &mut ConfigErrors) {
        let host = self.host.as_deref().unwrap_or_default();
        errors.require("host", is_host_name(host) || literal_address(host).is_some(), "must be a host name or address");
        errors.require("port", self.port != Some(0), "must not be zero");
        errors.require("username", self.username.is_some() == self.password.is_some(), "goes together with password");
        let user_fits = self.username.as_deref().is_none_or(|u| !u.is_empty() && is_one_line(u));
        errors.require("username", user_fits, "must be one line");
        errors.require(
            "password",
            self.password.as_ref().is_none_or(is_sendable),
            "must be one line of at most 512 bytes",
        );
        let hello_fits = self.hello_name.as_deref().is_none_or(is_host_name);
        errors.require("hello_name", hello_fits, "must be a host name");
        let safe =
            self.username.is_none() || self.tls != TlsMode::None || self.allow_plaintext_auth || is_this_machine(host);
        errors.require(
            "tls",
            safe,
            "must not be none with a password, except on this machine or with allow_plaintext_auth",
        );
    }

    /// The port asked for, or the usual one.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            TlsMode::Tls => 465,
            TlsMode::Starttls => 587,
            TlsMode::None => 25,
        })
    }

    /// The sender to put into a message.
    pub fn sender(&self) -> Mailbox {
        Mailbox { name: self.from_name.clone(), address: self.from.clone() }
    }

    /// Where answers go, to put into a message.
    pub fn answers_to(&self) -> Option<Mailbox> {
        self.reply_to.clone().map(|address| Mailbox { name: None, address })
    }

    /// The whole channel as JSON, password included: for sealing, nothing else. Reads back with `serde_json`.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut whole = self.open_fields();
        whole["password"] = exposed(self.password.as_ref());
        Zeroizing::new(whole.to_string())
    }

    /// The channel as JSON for showing: `password_set` in the password's place.
    pub fn redacted(&self) -> Value {
        let mut whole = self.open_fields();
        whole["password_set"] = Value::Bool(self.password.is_some());
        whole
    }

    fn open_fields(&self) -> Value {
        let mut fields = json!({
            "transport": self.transport, "host": self.host, "port": self.port, "tls": self.tls,
            "username": self.username, "allow_plaintext_auth": self.allow_plaintext_auth,
            "hello_name": self.hello_name, "from": self.from, "from_name": self.from_name,
            "reply_to": self.reply_to, "timeout_ms": self.timeout_ms,
        });
        put_if_set(&mut fields, "name", self.name.as_deref());
        put_if_set(&mut fields, "max_in_flight", self.max_in_flight);
        put_if_set(&mut fields, "max_per_second", self.max_per_second);
        fields
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || literal_address(host).is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(extra: &str) -> Result<EmailChannel, serde_json::Error> {
        serde_json::from_str(&format!(
            r#"{{"transport":"smtp","host":"mail.example.org","from":"a@example.org","username":"u","password":"canary-1"{extra}}}"#
        ))
    }

    fn defects(extra: &str) -> Vec<&'static str> {
        let errors = channel(extra).expect("readable").validate().err().unwrap_or_default();
        errors.0.iter().map(|e| e.field).collect()
    }

    #[test]
    fn a_plain_channel_has_safe_defaults() {
        let plain = channel("").expect("readable");
        assert_eq!(plain.validate(), Ok(()));
        assert_eq!((plain.tls, plain.effective_port(), plain.timeout_ms), (TlsMode::Starttls, 587, 10_000));
        assert!(channel(r#","surprise":1"#).is_err());
    }

    #[test]
    fn defects_name_their_fields() {
        for (extra, field) in [
            (r#","timeout_ms":30001"#, "timeout_ms"),
            (r#","timeout_ms":0"#, "timeout_ms"),
            (r#","port":0"#, "port"),
            (r#","tls":"none""#, "tls"),
            (r#","reply_to":"a@example.org\r\nBcc: b@example.org""#, "reply_to"),
            (r#","from_name":"a\nBcc: b@example.org""#, "from_name"),
            (r#","from_name":"a\u2028b""#, "from_name"),
            (r#","hello_name":"a b""#, "hello_name"),
        ] {
            assert_eq!(defects(extra), [field], "{extra}");
        }
        assert_eq!(defects(r#","tls":"none","allow_plaintext_auth":true"#), Vec::<&str>::new());
        let local: EmailChannel = serde_json::from_str(
            r#"{"transport":"smtp","host":"127.0.0.1","tls":"none","from":"a@example.org","username":"u","password":"p"}"#,
        )
        .expect("readable");
        assert_eq!(local.validate(), Ok(()));
        for host in ["", "a b", "a/b", "user@host", "mail.example.org:25", "mail.example.org\r\n"] {
            let mut bad = channel("").expect("readable");
            bad.host = Some(host.to_owned());
            assert!(bad.validate().is_err(), "{host:?}");
        }
    }

    #[test]
    fn the_password_leaves_by_one_door_only() {
        let plain = channel(r#","from_name":"A""#).expect("readable");
        assert!(!format!("{plain:?}").contains("canary-1"));
        assert!(!plain.redacted().to_string().contains("canary-1"));
        assert_eq!(plain.redacted()["password_set"], true);
        let again: EmailChannel = serde_json::from_str(&plain.expose()).expect("reads back");
        assert_eq!(*again.expose(), *plain.expose());
        assert!(plain.expose().contains("canary-1"));
        let errors = channel(r#","timeout_ms":1"#).expect("readable").validate().expect_err("bad");
        assert!(!format!("{errors:?} {errors}").contains("canary-1"));
    }
}

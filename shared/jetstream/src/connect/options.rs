//! Where the servers are and how to be let in.

use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use secrecy::{ExposeSecret, SecretString};

use super::{ConnectError, INITIAL_TIMEOUT, PING_INTERVAL, REQUEST_TIMEOUT, reconnect_delay};
use crate::Names;

/// How to reach the broker.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// `nats://host:port` or `tls://host:port`, one or several of one cluster. No user or password in them.
    pub servers: Vec<String>,
    /// How to be let in.
    pub auth: Auth,
    /// Certificates; `None` leaves it to the servers' scheme and the system's authorities.
    pub tls: Option<TlsFiles>,
    /// What the server shows for this connection.
    pub name: String,
    /// What things are called there.
    pub names: Names,
}

/// How to be let in.
#[derive(Debug, Clone)]
pub enum Auth {
    /// The server asks nothing, or a client certificate is enough.
    None,
    /// A user of the server's configuration.
    UserPassword {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A `.creds` file: a JWT and the key it was issued for.
    CredentialsFile(PathBuf),
}

/// PEM files. Naming any requires TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Authorities instead of the system's.
    pub ca: Option<PathBuf>,
    /// The client's certificate; together with `key`.
    pub cert: Option<PathBuf>,
    /// The client's private key; together with `cert`.
    pub key: Option<PathBuf>,
}

impl BrokerOptions {
    /// One server, nobody to ask, the usual names.
    pub fn local(server: impl Into<String>) -> Self {
        Self {
            servers: vec![server.into()],
            auth: Auth::None,
            tls: None,
            name: "twofold".to_owned(),
            names: Names::default(),
        }
    }

    pub(super) fn addresses(&self) -> Result<Vec<ServerAddr>, ConnectError> {
        if self.servers.is_empty() {
            return Err(ConnectError::Address("no server is named".to_owned()));
        }
        let parse = |(position, text): (usize, &String)| {
            // The text is not repeated in an error: it may hold a password.
            let number = position + 1;
            let address: ServerAddr = text
                .parse()
                .map_err(|_| ConnectError::Address(format!("server {number} is no nats:// or tls:// URL")))?;
            if address.has_user_pass() {
                let reason = format!("server {number} has a user in its URL: use the settings of that name");
                return Err(ConnectError::Address(reason));
            }
            let no_host = text.rsplit("://").next().is_none_or(str::is_empty);
            if no_host || !matches!(address.scheme(), "nats" | "tls") {
                return Err(ConnectError::Address(format!("server {number} is no nats:// or tls:// URL")));
            }
            Ok(address)
        };
        self.servers.iter().enumerate().map(parse).collect()
    }

    pub(super) async fn client_options(&self) -> Result<ConnectOptions, ConnectError> {
        let mut options = ConnectOptions::new()
            .name(&self.name)
            .connection_timeout(INITIAL_TIMEOUT)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .ping_interval(PING_INTERVAL)
            .reconnect_delay_callback(reconnect_delay);
        options = match &self.auth {
            Auth::None => options,
            Auth::UserPassword { user, password } => options
                .custom_inbox_prefix(inbox_prefix(user))
                .user_and_password(user.clone(), password.expose_secret().to_owned()),
            Auth::CredentialsFile(path) => options
                .credentials_file(path)
                .await
                .map_err(|error| ConnectError::Credentials(format!("{}: {error}", path.display())))?,
        };
        let Some(tls) = &self.tls else { return Ok(options) };
        options = options.require_tls(true);
        if let Some(ca) = &tls.ca {
            options = options.add_root_certificates(ca.clone());
        }
        match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => Ok(options.add_client_certificate(cert.clone(), key.clone())),
            (None, None) => Ok(options),
            (Some(_), None) | (None, Some(_)) => {
                Err(ConnectError::Tls("a client certificate and its key go together".to_owned()))
            }
        }
    }
}

/// Where this user's answers arrive. With a common place every user allowed to read there could read the others' answers,
/// wrapped keys among them. A name that is no token of a subject cannot have its own.
fn inbox_prefix(user: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !user.is_empty() && user.bytes().all(plain) { format!("_INBOX_{user}") } else { "_INBOX".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_has_an_inbox_of_its_own() {
        assert_eq!(inbox_prefix("api"), "_INBOX_api");
        for odd in ["", "a.b", "*", "a>b", "a b"] {
            assert_eq!(inbox_prefix(odd), "_INBOX", "{odd:?}");
        }
    }

    #[test]
    fn an_address_is_plain_and_an_error_repeats_nothing_of_it() {
        for bad in ["", "nats://", "http://127.0.0.1:4222", "ws://127.0.0.1", "nats://api:hunter2@127.0.0.1"] {
            let Err(ConnectError::Address(reason)) = BrokerOptions::local(bad).addresses() else { panic!("{bad:?}") };
            assert!(!reason.contains("hunter2"));
        }
        assert!(BrokerOptions { servers: vec![], ..BrokerOptions::local("") }.addresses().is_err());
        assert!(BrokerOptions::local("tls://nats-0.example:4222").addresses().is_ok());
    }
}

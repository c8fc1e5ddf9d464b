//! What `[nats]` and `[postgres]` must be, and what of them goes together.

use secrecy::ExposeSecret as _;
use twofold_jetstream::Names;

use super::check::Findings;

/// Settings that say nothing without servers.
const ONLY_WITH_SERVERS: [&str; 10] = [
    "nats.user",
    "nats.password",
    "nats.credentials_file",
    "nats.tls_ca",
    "nats.tls_cert",
    "nats.tls_key",
    "nats.stream",
    "nats.monitors",
    "postgres.url",
    "postgres.max_connections",
];

/// Checks both sections.
pub fn check(findings: &mut Findings<'_>) {
    let settings = &findings.found.settings;
    let (nats, postgres) = (&settings.nats, &settings.postgres);
    for server in &nats.servers {
        findings.require("nats.servers", is_address(server, &["nats", "tls"]), &shown(server));
    }
    for monitor in &nats.monitors {
        findings.require("nats.monitors", is_address(monitor, &["http"]), &shown(monitor));
    }
    findings.require("nats.stream", Names::new(&nats.stream).is_ok(), &nats.stream);
    together(findings, ("nats.user", nats.user.is_some()), ("nats.password", nats.password.is_some()));
    together(findings, ("nats.tls_cert", nats.tls_cert.is_some()), ("nats.tls_key", nats.tls_key.is_some()));
    if nats.credentials_file.is_some() && nats.user.is_some() {
        findings.told("nats.credentials_file", "cannot be used together with nats.user; leave one of them out");
    }
    if let Some(url) = &postgres.url {
        let url = url.expose_secret();
        findings.require("postgres.url", is_database(url), "");
    }
    findings.range("postgres.max_connections", &postgres.max_connections, &(1..=500));
    if !settings.is_production() {
        for key in ONLY_WITH_SERVERS.into_iter().filter(|key| !findings.found.is_default(key)) {
            findings.told(key, "goes with nats.servers; without servers log and read model are in the data folder");
        }
    }
}

fn together(findings: &mut Findings<'_>, one: (&str, bool), other: (&str, bool)) {
    for ((key, here), (missing, there)) in [(one, other), (other, one)] {
        if here && !there {
            findings.told(key, &format!("goes together with {missing}, which is missing"));
        }
    }
}

/// Users and passwords in addresses would be printed with them.
fn is_address(text: &str, schemes: &[&str]) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        schemes.contains(&url.scheme()) && url.has_host() && url.username().is_empty() && url.password().is_none()
    })
}

fn is_database(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"))
}

/// An address without what might be a password in it.
fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("(not shown)@{rest}"),
        None => text.to_owned(),
    }
}

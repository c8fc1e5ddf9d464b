//! Every setting there is: its default and what it accepts. The one list that defaults, checks and messages come from.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Dotted path.
    pub key: &'static str,
    /// As it would be written in the file; empty when there is none.
    pub default: &'static str,
    /// What to write instead of something wrong.
    pub accepts: &'static str,
    /// Never printed.
    pub secret: bool,
}

const fn open(key: &'static str, default: &'static str, accepts: &'static str) -> Known {
    Known { key, default, accepts, secret: false }
}

const fn secret(key: &'static str, accepts: &'static str) -> Known {
    Known { key, default: "", accepts, secret: true }
}

/// Only from the environment: a key in a file beside the data would protect nothing.
pub const MASTER_KEY: &str = "master_key";
/// Lists that an environment variable gives with commas.
const LISTS: [&str; 5] = ["nats.servers", "nats.monitors", "delivery.channels", "delivery.elsewhere", "delivery.allow"];
/// Any name may follow.
const HEADERS: Known = secret("delivery.sms.http.headers.*", "a text");

/// In the order in which they are printed.
pub const KNOWN: [Known; 68] = [
    open("listen", "\"127.0.0.1:8080\"", "an address and a port, such as 127.0.0.1:8080 or [::]:8080"),
    open("data_dir", "\"./twofold-data\"", "the path of a folder"),
    secret(
        MASTER_KEY,
        "64 hexadecimal digits or 44 characters of base64, and only from TWOFOLD__MASTER_KEY or a file that TWOFOLD__MASTER_KEY_FILE names",
    ),
    open("nats.servers", "", "a list of addresses without user and password, such as [\"nats://10.0.0.1:4222\"]"),
    open("nats.user", "", "a text, together with password"),
    secret("nats.password", "a text, together with user"),
    open("nats.credentials_file", "", "the path of a .creds file, without user and password"),
    open("nats.tls_ca", "", "the path of a PEM file"),
    open("nats.tls_cert", "", "the path of a PEM file, together with tls_key"),
    open("nats.tls_key", "", "the path of a PEM file, together with tls_cert"),
    open("nats.stream", "\"TWOFOLD\"", "1 to 64 of A-Z, a-z, 0-9, _ and -"),
    open("nats.monitors", "[]", "a list of the servers' monitoring addresses, such as [\"http://10.0.0.1:8222\"]"),
    open("nats.allow_unsafe", "false", "true or false"),
    secret("postgres.url", "an address such as postgres://user:password@10.0.0.2:5432/twofold"),
    open("postgres.max_connections", "8", "a number from 1 to 500"),
    open("api.max_body_bytes", "65536", "bytes, from 1024 to 16777216"),
    open("api.max_in_flight", "4096", "a number from 1 to 100000"),
    open("api.request_timeout_ms", "30000", "milliseconds, from 100 to 300000"),
    open("api.max_read_wait_ms", "5000", "milliseconds, from 0 to 60000"),
    open(
        "log.level",
        "\"info\"",
        "off, error, warn, info, debug, trace, or a filter such as info,twofold_engine=debug",
    ),
    open("log.format", "\"text\"", "text or json"),
    open("telemetry.otlp_endpoint", "", "the collector's address, such as http://127.0.0.1:4318"),
    open("engine.cached_users", "150000", "a number from 16 to 10000000; about 2 KiB of memory each"),
    open("delivery.enabled", "true", "true or false"),
    open("delivery.concurrency", "64", "a number from 1 to 256"),
    open("delivery.channels", "[\"email\", \"sms\"]", "a list of email and sms, not empty"),
    open("delivery.elsewhere", "[]", "a list of email and sms: what other processes have sections for"),
    open("delivery.per_destination_hour", "10", "a number of codes to one address or number; 0 for no limit"),
    open("delivery.per_destination_day", "40", "a number of codes to one address or number; 0 for no limit"),
    open("delivery.public_url", "", "the address providers call back at, such as https://2fa.example.com"),
    open("delivery.allow_private_networks", "false", "true or false"),
    open("delivery.allow", "[]", "a list of networks and services, such as [\"10.1.0.0/16\", \"mail.internal:587\"]"),
    open("delivery.email.transport", "", "smtp or outbox"),
    open("delivery.email.host", "", "a host name or address"),
    open("delivery.email.port", "", "a port from 1 to 65535"),
    open("delivery.email.tls", "", "starttls, tls or none"),
    open("delivery.email.username", "", "a text, together with password"),
    secret("delivery.email.password", "a text, together with username"),
    open("delivery.email.allow_plaintext_auth", "", "true or false"),
    open("delivery.email.hello_name", "", "a host name"),
    open("delivery.email.from", "", "an e-mail address"),
    open("delivery.email.from_name", "", "one line of at most 128 bytes"),
    open("delivery.email.reply_to", "", "an e-mail address"),
    open("delivery.email.timeout_ms", "", "milliseconds, from 100 to 30000"),
    open("delivery.email.max_in_flight", "", "a number from 1 to 256"),
    open("delivery.email.max_per_second", "", "a number from 1 to 10000"),
    open("delivery.sms.provider", "", "twilio, http or outbox"),
    open("delivery.sms.timeout_ms", "", "milliseconds, from 100 to 30000"),
    open("delivery.sms.max_in_flight", "", "a number from 1 to 256"),
    open("delivery.sms.max_per_second", "", "a number from 1 to 10000"),
    open("delivery.sms.twilio.base_url", "", "an https address"),
    open("delivery.sms.twilio.account_sid", "", "AC and 32 hexadecimal digits"),
    secret("delivery.sms.twilio.auth_token", "a text; or else api_key_sid and api_key_secret"),
    secret("delivery.sms.twilio.previous_auth_token", "a text: the token before, while callbacks may still carry it"),
    open("delivery.sms.twilio.api_key_sid", "", "SK and 32 hexadecimal digits"),
    secret("delivery.sms.twilio.api_key_secret", "a text"),
    open("delivery.sms.twilio.from", "", "an E.164 number, a short code or a sender name"),
    open("delivery.sms.twilio.messaging_service_sid", "", "MG and 32 hexadecimal digits"),
    open("delivery.sms.twilio.status_callback", "", "an https address"),
    open("delivery.sms.http.url", "", "an https address"),
    open("delivery.sms.http.method", "", "POST or PUT"),
    HEADERS,
    open("delivery.sms.http.format", "", "json or form"),
    open("delivery.sms.http.body", "", "a template with to, to_digits, body, reference and validity_secs"),
    open("delivery.sms.http.success_status", "", "a list of 1 to 16 numbers from 200 to 299"),
    open("delivery.email", "", "a section"),
    open("delivery.sms", "", "a section"),
    open("delivery.sms.http", "", "a section"),
];

/// The setting of a path, if there is one.
pub fn known(key: &str) -> Option<&'static Known> {
    let header = |key: &str| key.strip_prefix("delivery.sms.http.headers.").is_some_and(|name| !name.is_empty());
    KNOWN.iter().find(|known| known.key == key || (known.key == HEADERS.key && header(key)))
}

/// Whether an environment variable gives it with commas.
pub fn is_list(key: &str) -> bool {
    LISTS.contains(&key)
}

/// Whether a path is a section that settings lie under.
pub fn is_section(path: &str) -> bool {
    let under = |known: &Known| known.key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    KNOWN.iter().any(under)
}

/// What can stand where something unknown stands.
pub fn siblings(path: &str) -> Vec<&'static str> {
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let parent = if is_section(parent) { parent } else { "" };
    let mut names: Vec<&str> = Vec::new();
    for known in &KNOWN {
        let rest = if parent.is_empty() {
            Some(known.key)
        } else {
            known.key.strip_prefix(parent).and_then(|r| r.strip_prefix('.'))
        };
        let name = rest.and_then(|rest| rest.split('.').next());
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_those_of_the_section() {
        assert_eq!(siblings("log.levle"), ["level", "format"]);
        assert_eq!(
            siblings("lisen"),
            ["listen", "data_dir", "master_key", "nats", "postgres", "api", "log", "telemetry", "engine", "delivery"]
        );
        assert!(siblings("delivery.email.prot").contains(&"port"));
    }

    #[test]
    fn headers_take_any_name_and_nothing_else_does() {
        assert!(known("delivery.sms.http.headers.X-Key").is_some_and(|k| k.secret));
        assert!(known("delivery.sms.http.headers.").is_none());
        assert!(known("api.x").is_none());
        assert!(is_section("api") && is_section("delivery.sms.http.headers") && !is_section("listen"));
    }
}

//! One channel, several providers.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{ConfigErrors, EmailChannel, SmsChannel};

/// Providers of one channel, at most.
pub const PROVIDERS_MAX: usize = 8;
/// The name of a provider that needs none.
pub const DEFAULT_PROVIDER: &str = "default";

/// One provider's part of a channel's document.
pub trait ProviderChannel: DeserializeOwned {
    /// Its name as it is written.
    fn given_name(&self) -> Option<&str>;

    /// Checks every field.
    ///
    /// # Errors
    /// All the defects, not only the first.
    fn validate(&self) -> Result<(), ConfigErrors>;

    /// As JSON, credentials included: for sealing, nothing else.
    fn expose(&self) -> Zeroizing<String>;

    /// As JSON for showing, without credentials.
    fn redacted(&self) -> Value;

    /// Its name in the ledger, in callbacks and for steering.
    fn provider_name(&self) -> &str {
        self.given_name().unwrap_or(DEFAULT_PROVIDER)
    }
}

macro_rules! provider_channel {
    ($of:ty) => {
        impl ProviderChannel for $of {
            fn given_name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn validate(&self) -> Result<(), ConfigErrors> {
                Self::validate(self)
            }

            fn expose(&self) -> Zeroizing<String> {
                Self::expose(self)
            }

            fn redacted(&self) -> Value {
                Self::redacted(self)
            }
        }
    };
}

provider_channel!(EmailChannel);
provider_channel!(SmsChannel);

/// A channel as a tenant writes it: one provider's fields, or `{"providers": [...]}` with 1 to 8 of them in the order
/// of preference, each with a name of its own.
#[derive(Debug, Clone)]
pub struct Providers<T> {
    all: Vec<T>,
    /// Written as one provider's fields, and shown and kept like that.
    flat: bool,
}

/// The form with a list; anything else beside it is a mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed<T> {
    providers: Vec<T>,
}

impl<T: ProviderChannel> Providers<T> {
    /// Reads a document; what it says is not checked yet.
    ///
    /// # Errors
    /// Unknown or missing fields, or values of a wrong type.
    pub fn read(document: &Value) -> Result<Self, serde_json::Error> {
        if document.get("providers").is_some() {
            let Listed { providers: all } = Listed::deserialize(document)?;
            Ok(Self { all, flat: false })
        } else {
            Ok(Self { all: vec![T::deserialize(document)?], flat: true })
        }
    }

    /// In the order of preference.
    pub fn all(&self) -> &[T] {
        &self.all
    }

    /// Whether it is written as one provider's fields.
    pub const fn is_flat(&self) -> bool {
        self.flat
    }

    /// The provider of a name.
    pub fn named(&self, name: &str) -> Option<&T> {
        self.all.iter().find(|provider| provider.provider_name() == name)
    }

    /// Checks names and every field.
    ///
    /// # Errors
    /// All the defects, not only the first.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        if self.flat {
            return self.all.iter().try_for_each(|only| {
                let unnamed = only.given_name().is_none();
                check(unnamed, "name", "goes with several providers").and_then(|()| only.validate())
            });
        }
        check((1..=PROVIDERS_MAX).contains(&self.all.len()), "providers", "must be 1 to 8")?;
        let mut errors = ConfigErrors::default();
        let mut names = BTreeSet::new();
        for (index, provider) in self.all.iter().enumerate() {
            let name = provider.given_name().unwrap_or_default();
            let mut own = ConfigErrors::default();
            own.require("name", is_name(name), "must be 1 to 32 of a-z, 0-9, _ and -");
            own.require("name", names.insert(name), "must be different from the others'");
            own.0.extend(provider.validate().err().unwrap_or_default().0);
            errors.0.extend(own.of_provider(index).0);
        }
        errors.into_result()
    }

    /// The whole channel as JSON, credentials included: for sealing, nothing else.
    pub fn expose(&self) -> Zeroizing<String> {
        let parts: Vec<Zeroizing<String>> = self.all.iter().map(ProviderChannel::expose).collect();
        let joined = Zeroizing::new(parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(","));
        if self.flat { joined } else { Zeroizing::new(format!(r#"{{"providers":[{}]}}"#, *joined)) }
    }

    /// The channel as JSON for showing, without credentials.
    pub fn redacted(&self) -> Value {
        match self.all.as_slice() {
            [only] if self.flat => only.redacted(),
            all => json!({ "providers": all.iter().map(ProviderChannel::redacted).collect::<Vec<_>>() }),
        }
    }
}

fn check(good: bool, field: &'static str, problem: &'static str) -> Result<(), ConfigErrors> {
    if good { Ok(()) } else { Err(ConfigErrors::one(field, problem)) }
}

/// It stands in an address, in the ledger and in metrics.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(name: &str) -> Value {
        json!({ "name": name, "provider": "outbox" })
    }

    fn problem(document: &Value) -> String {
        let read = Providers::<SmsChannel>::read(document).expect("readable");
        read.validate().err().map(|errors| errors.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_flat_document_is_one_provider_and_stays_as_it_was() {
        let flat = json!({ "provider": "outbox", "timeout_ms": 500 });
        let read = Providers::<SmsChannel>::read(&flat).expect("readable");
        assert_eq!((problem(&flat), read.all().len()), (String::new(), 1));
        assert!(read.named("default").is_some() && read.named("main").is_none());
        let kept: Value = serde_json::from_str(&read.expose()).expect("json");
        assert_eq!(kept, json!({ "provider": "outbox", "timeout_ms": 500, "twilio": null, "http": null }));
        assert_eq!(read.redacted(), kept);
        assert_eq!(problem(&outbox("main")), "name goes with several providers");
    }

    #[test]
    fn a_list_is_checked_whole_and_reads_back() {
        let good = json!({ "providers": [
            { "name": "de-1", "provider": "outbox", "countries": ["DE", "AT"], "max_in_flight": 4 },
            { "name": "rest", "provider": "outbox", "max_per_second": 7 },
        ] });
        assert_eq!(problem(&good), "");
        let read = Providers::<SmsChannel>::read(&good).expect("readable");
        assert_eq!(read.named("rest").and_then(|p| p.max_per_second), Some(7));
        let kept: Value = serde_json::from_str(&read.expose()).expect("json");
        assert_eq!(kept["providers"][0]["countries"], json!(["AT", "DE"]));
        let again = Providers::<SmsChannel>::read(&kept).expect("reads back");
        assert_eq!(*again.expose(), *read.expose());
        for (bad, wanted) in [
            (json!({ "providers": [] }), "providers must be 1 to 8"),
            (json!({ "providers": vec![outbox("a"); 9] }), "providers must be 1 to 8"),
            (
                json!({ "providers": [outbox("a"), outbox("a")] }),
                "providers[1].name must be different from the others'",
            ),
            (json!({ "providers": [outbox("A")] }), "providers[0].name must be 1 to 32 of a-z, 0-9, _ and -"),
            (json!({ "providers": [outbox("a/b")] }), "providers[0].name must be 1 to 32 of a-z, 0-9, _ and -"),
            (
                json!({ "providers": [{ "provider": "outbox" }] }),
                "providers[0].name must be 1 to 32 of a-z, 0-9, _ and -",
            ),
            (
                json!({ "providers": [outbox("a"), { "name": "b", "provider": "outbox", "countries": ["de"] }] }),
                "providers[1].countries must be at most 250 codes of two capital letters, such as DE",
            ),
            (
                json!({ "providers": [{ "name": "b", "provider": "outbox", "max_in_flight": 0, "max_per_second": 0 }] }),
                "providers[0].max_in_flight must be from 1 to 256; providers[0].max_per_second must be from 1 to 10000",
            ),
        ] {
            assert_eq!(problem(&bad), wanted);
        }
        let beside = json!({ "providers": [outbox("a")], "timeout_ms": 500 });
        assert!(Providers::<SmsChannel>::read(&beside).is_err(), "a list and nothing beside it");
    }

    #[test]
    fn no_provider_shows_its_credentials() {
        let smtp = |name: &str, password: &str| {
            json!({ "name": name, "transport": "smtp", "host": "mail.example.org", "from": "a@example.org",
                "username": "u", "password": password })
        };
        let document = json!({ "providers": [smtp("one", "canary-1"), smtp("two", "canary-2")] });
        let read = Providers::<EmailChannel>::read(&document).expect("readable");
        assert_eq!(read.validate(), Ok(()));
        let shown = read.redacted();
        assert!(!format!("{shown} {read:?}").contains("canary"));
        assert_eq!(
            (&shown["providers"][1]["name"], &shown["providers"][1]["password_set"]),
            (&json!("two"), &json!(true))
        );
        assert!(read.expose().contains("canary-1") && read.expose().contains("canary-2"));
    }
}

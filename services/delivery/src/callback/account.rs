//! Whose tokens a callback may be signed with.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

/// The name of the only provider of a channel's flat document.
const ONLY: &str = "default";

/// A Twilio account as far as its callbacks need it. Everything else of the document is none of their business.
#[derive(Debug, Deserialize)]
pub(super) struct Account {
    #[serde(rename = "account_sid")]
    pub(super) sid: String,
    #[serde(default)]
    auth_token: Option<SecretString>,
    #[serde(default)]
    previous_auth_token: Option<SecretString>,
}

impl Account {
    /// The token in use, and the one before it while it is being changed. Callbacks are signed with the account's token
    /// also where messages are sent with an API key; then it is the second of these fields.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &SecretString> {
        self.auth_token.iter().chain(&self.previous_auth_token)
    }
}

/// The account of a channel's provider; none when there is no provider of this name or it is not Twilio.
pub(super) fn account_of(document: &Value, provider: &str) -> Option<Account> {
    let entry = match document.get("providers").and_then(Value::as_array) {
        Some(entries) => entries.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(provider))?,
        None if provider == ONLY => document,
        None => return None,
    };
    entry.get("twilio").and_then(|twilio| Account::deserialize(twilio).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_provider_is_found_by_its_name_in_both_forms_of_a_document() {
        let twilio =
            |sid: &str| json!({ "account_sid": sid, "auth_token": "a", "previous_auth_token": "b", "from": "+1" });
        let flat = json!({ "provider": "twilio", "twilio": twilio("AC1") });
        let several = json!({ "providers": [
            { "name": "main", "provider": "twilio", "twilio": twilio("AC2") },
            { "name": "spare", "provider": "http", "twilio": null },
        ] });
        let sid = |document: &Value, name: &str| account_of(document, name).map(|account| account.sid);
        assert_eq!(sid(&flat, "default").as_deref(), Some("AC1"));
        assert_eq!(sid(&several, "main").as_deref(), Some("AC2"));
        for (document, name) in [(&flat, "main"), (&several, "default"), (&several, "spare"), (&Value::Null, "default")]
        {
            assert_eq!(sid(document, name), None, "{name}");
        }
        assert_eq!(account_of(&flat, "default").expect("there").tokens().count(), 2);
    }
}

//! One callback of Twilio, from its bytes to its meaning.

use serde_json::Value;
use twofold_engine::{Callback, CallbackKind, CallbackNews};

use super::account::account_of;
use super::{opt_out, signature, status};

/// Reads a callback towards the provider of this name in a channel's document. None unless the signature is right under
/// one of the account's tokens; callbacks of another account than the provider's mean nothing.
pub fn read(document: &Value, provider: &str, callback: &Callback<'_>) -> Option<CallbackNews> {
    let account = account_of(document, provider)?;
    let fields = account
        .tokens()
        .find_map(|token| signature::verified(token, callback.url, callback.signature, callback.body))?;
    if fields.one("AccountSid") != Some(account.sid.as_str()) {
        return Some(CallbackNews::Nothing);
    }
    Some(match callback.kind {
        CallbackKind::Status => status::read(&fields),
        CallbackKind::Inbound => opt_out::read(&fields),
    })
}

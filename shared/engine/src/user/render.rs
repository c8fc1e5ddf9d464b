//! What an answer is made of.

use twofold_crypto::{DataKey, RecoveryCode};
use twofold_domain::settings::Settings;
use twofold_domain::user::{Destination, Outcome, User};
use twofold_domain::{Method, TenantId, Timestamp, UserToken};
use zeroize::Zeroizing;

use crate::seal::{Label, aad};

/// Clear secrets that exist only while this answer is made.
#[derive(Debug, Default)]
pub struct Shown {
    /// A new authenticator secret.
    pub secret: Option<Zeroizing<Vec<u8>>>,
    /// A new recovery set.
    pub recovery: Vec<RecoveryCode>,
}

/// Everything an answer may need: the state after the events, what to answer, and the keys to unseal destinations.
#[derive(Debug)]
pub struct Rendered<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The user's token.
    pub token: &'a UserToken,
    /// The state after the events.
    pub user: &'a User,
    /// What to answer.
    pub outcome: &'a Outcome,
    /// Clear secrets to show, if the outcome says so.
    pub shown: &'a Shown,
    /// The effective rules.
    pub settings: &'a Settings,
    /// The user's key.
    pub key: &'a DataKey,
    /// The server's clock.
    pub now: Timestamp,
}

impl Rendered<'_> {
    /// The language of the user.
    pub fn locale(&self) -> Option<&str> {
        self.user.profile.as_ref()?.locale.as_deref()
    }

    /// The panel's own id of the user.
    pub fn panel_id(&self) -> Option<String> {
        self.open(Label::PanelId, &self.user.profile.as_ref()?.panel_id)
    }

    /// An address or number in clear.
    pub fn destination(&self, method: Method, destination: &Destination) -> Option<String> {
        let label = match method {
            Method::Totp => return None,
            Method::Email => Label::Email,
            Method::Sms => Label::Phone,
        };
        self.open(label, &destination.sealed)
    }

    fn open(&self, label: Label, sealed: &twofold_domain::Sealed) -> Option<String> {
        let clear = self.key.open(&aad(label, self.tenant.as_str(), self.token.as_str()), sealed).ok()?;
        String::from_utf8(clear.to_vec()).ok()
    }
}

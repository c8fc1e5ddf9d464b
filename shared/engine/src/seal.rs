//! What each ciphertext is bound to, so that one cannot stand in for another (C9, C13).

/// What a ciphertext holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// A TOTP secret.
    TotpSecret,
    /// The panel's own user id.
    PanelId,
    /// The panel's own account id.
    AccountPanelId,
    /// An e-mail address.
    Email,
    /// A mobile number.
    Phone,
    /// The personal part of an event's context.
    Private,
    /// The kept answer to an idempotent request.
    Receipt,
    /// The configuration of a channel.
    ChannelConfig,
}

impl Label {
    const fn name(self) -> &'static str {
        match self {
            Self::TotpSecret => "totp-secret",
            Self::PanelId => "panel-id",
            Self::AccountPanelId => "account-panel-id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Private => "private",
            Self::Receipt => "receipt",
            Self::ChannelConfig => "channel-config",
        }
    }
}

/// Additional authenticated data of a ciphertext that belongs to `owner` (a user or tenant id) of a tenant.
pub fn aad(label: Label, tenant: &str, owner: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(96);
    for part in ["tf1", label.name(), tenant, owner] {
        text.extend_from_slice(part.as_bytes());
        text.push(b'|');
    }
    text
}

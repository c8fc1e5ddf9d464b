//! The presets shipped with the product: one settings file for each of the first five customers.

use crate::settings::Settings;

/// A tenant-settings document shipped with the product. A tenant made from it may change every part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// S0: authenticator app with recovery codes.
    Ipi,
    /// S1: authenticator app with recovery codes that can be made anew.
    Hideez,
    /// S2: accounts with administrators; set-up at the next login.
    AccountProfile,
    /// S3: app, e-mail or SMS to registered destinations, behind the login password.
    Ipserverone,
    /// S4: app, mail or SMS to entered destinations; only support restores access.
    Hostkey,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [Self::Ipi, Self::Hideez, Self::AccountProfile, Self::Ipserverone, Self::Hostkey];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipi => "ipi",
            Self::Hideez => "hideez",
            Self::AccountProfile => "account-profile",
            Self::Ipserverone => "ipserverone",
            Self::Hostkey => "hostkey",
        }
    }

    /// The preset of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The commented file, for operators who want to start from it.
    pub const fn source(self) -> &'static str {
        match self {
            Self::Ipi => include_str!("../presets/ipi.toml"),
            Self::Hideez => include_str!("../presets/hideez.toml"),
            Self::AccountProfile => include_str!("../presets/account-profile.toml"),
            Self::Ipserverone => include_str!("../presets/ipserverone.toml"),
            Self::Hostkey => include_str!("../presets/hostkey.toml"),
        }
    }

    /// The settings document: only what differs from the defaults. A test reads every shipped file, so the empty
    /// document (the defaults) that an unreadable one would give is never seen.
    pub fn document(self) -> serde_json::Value {
        toml::from_str(self.source()).unwrap_or_else(|_| serde_json::Value::Object(serde_json::Map::new()))
    }

    /// The document, read over the defaults.
    pub fn settings(self) -> Settings {
        Settings::from_document(&self.document()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

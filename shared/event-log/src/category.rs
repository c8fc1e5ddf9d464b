//! The five kinds of subject.

/// What a subject is about. Derived from the subject's first two tokens and stored beside it as a small integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Category {
    /// `tf.ev`: a user's second factors.
    User = 0,
    /// `tf.cf`: tenants, accounts, their settings and keys.
    Config = 1,
    /// `tf.dl`: requests to deliver a code.
    Delivery = 2,
    /// `tf.dr`: what became of those requests.
    Ledger = 3,
    /// `tf.sp`: destinations that a tenant sends nothing to.
    Suppression = 4,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 5] = [Self::User, Self::Config, Self::Delivery, Self::Ledger, Self::Suppression];

    /// The stored integer.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The subjects' first two tokens.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::User => "tf.ev",
            Self::Config => "tf.cf",
            Self::Delivery => "tf.dl",
            Self::Ledger => "tf.dr",
            Self::Suppression => "tf.sp",
        }
    }

    /// How many tokens a subject of this category has, the prefix's two included.
    pub(crate) const fn tokens(self) -> usize {
        match self {
            Self::User | Self::Delivery => 5,
            Self::Config | Self::Ledger | Self::Suppression => 4,
        }
    }

    /// Which token names the tenant, counted from 0.
    pub(crate) const fn tenant_token(self) -> usize {
        match self {
            Self::User | Self::Delivery => 3,
            Self::Config | Self::Ledger | Self::Suppression => 2,
        }
    }
}

//! Typed identifiers. Every id that reaches a subject, a row or a log line is an opaque fixed-length token of
//! lower-case ASCII letters and digits, so `*`, `>`, `.`, blanks and line breaks in a panel's own ids are harmless.

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not the prefix followed by the expected number of `[a-z0-9]`.
    #[error("not a well-formed id")]
    Malformed,
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        // The text itself, in place: ids are made, cloned and compared many times on the way of every request.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $prefix.len() + TOKEN_CHARS]);

        impl $name {
            /// The fixed text every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;
            /// Length in bytes: the prefix and 26 characters of base32 (128 bits).
            pub const LEN: usize = $prefix.len() + TOKEN_CHARS;

            /// Makes the id from 16 bytes that the caller drew or hashed.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                let mut text = [0; Self::LEN];
                let (prefix, token) = text.split_at_mut($prefix.len());
                prefix.copy_from_slice($prefix.as_bytes());
                write_base32(token, bytes);
                Self(text)
            }

            /// Reads an id from outside; anything that is not exactly of this shape is refused.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let tail = text.strip_prefix($prefix).ok_or(IdError::Malformed)?;
                let well_formed = tail.len() == TOKEN_CHARS
                    && tail.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                if !well_formed {
                    return Err(IdError::Malformed);
                }
                text.as_bytes().try_into().map(Self).map_err(|_| IdError::Malformed)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                // Always ASCII: both ways to make an id see to that.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
    };
}

const TOKEN_CHARS: usize = 26;

/// RFC 4648 section 6 in lower case, without padding: 128 bits in 26 characters.
fn write_base32(token: &mut [u8], bytes: [u8; 16]) {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let value = u128::from_be_bytes(bytes);
    for (position, character) in (0_i32..).zip(token) {
        let shift = 125 - 5 * position;
        let group = if shift >= 0 { value >> shift } else { value << -shift };
        *character = ALPHABET[(group & 31) as usize];
    }
}

opaque_id!(
    /// A tenant: one provider running one panel.
    TenantId, "tn"
);
opaque_id!(
    /// An account of a tenant: a customer with users of its own. Hashed from the panel's own account id.
    AccountId, "ac"
);
opaque_id!(
    /// A user of a tenant. A keyed hash of the panel's own user id, see [`crate::user_id`].
    UserToken, "us"
);
opaque_id!(
    /// One attempt to set up a factor.
    EnrolmentId, "en"
);
opaque_id!(
    /// One step-up at the login page or before a sensitive change.
    ChallengeId, "ch"
);
opaque_id!(
    /// An active factor.
    FactorId, "fa"
);
opaque_id!(
    /// One message to be sent (e-mail or SMS).
    MessageId, "ms"
);
opaque_id!(
    /// The public half of an API key.
    KeyId, "ky"
);
opaque_id!(
    /// One commit: the unit that is appended or not, used to recognise our own append after a lost acknowledgement.
    CommitId, "cm"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_have_a_fixed_length() {
        for bytes in [[0u8; 16], [255u8; 16], *b"0123456789abcdef"] {
            let id = TenantId::from_bytes(bytes);
            assert_eq!(id.as_str().len(), TenantId::LEN);
            assert_eq!(TenantId::parse(id.as_str()), Ok(id));
        }
        assert_ne!(
            TenantId::from_bytes([0; 16]),
            TenantId::from_bytes({
                let mut b = [0; 16];
                b[15] = 1;
                b
            })
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "tn",
            "tn.",
            "tn>*",
            "TNaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "tnaaaaaaaaaaaaaaaaaaaaaaaaa",
            "usaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "tnaaaaaaaaaaaaaaaaaaaaaaaaa\n",
            "tnaaaaaaaaaaaaaaaaaaaaaaaaa*",
        ] {
            assert_eq!(TenantId::parse(bad), Err(IdError::Malformed), "{bad:?}");
        }
    }
}

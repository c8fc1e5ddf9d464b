//! The wire form of the values that events are made of.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use twofold_domain::{
    AccountId, Algorithm, ChallengeId, Channel, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyId, KeyedHash,
    MessageId, Method, Mode, Sealed, Timestamp, TotpParams, UserToken,
};

use super::family::record;
use super::json;

/// A value with a wire form. Implemented for the domain's types here, so that none of them brings a form of its own.
pub(super) trait Wire: Sized {
    /// Whether the member may be left out.
    const OPTIONAL: bool = false;

    fn write(&self, out: &mut Vec<u8>);

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// The form in words, for the catalogue.
    fn form() -> String;

    /// Whether the member is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Lets serde read a [`Wire`] value.
pub(super) struct In<T>(pub(super) T);

impl<'de, T: Wire> Deserialize<'de> for In<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// Reads a text without keeping it; errors do not quote it.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<F>(&'static str, F);

    impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            let Self(expected, parse) = self;
            parse(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &expected))
        }
    }

    deserializer.deserialize_str(Text(expected, parse))
}

impl<T: Wire> Wire for Option<T> {
    const OPTIONAL: bool = true;

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<In<T>>::deserialize(deserializer)?.map(|In(value)| value))
    }

    fn form() -> String {
        T::form()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_list(self, out);
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<In<T>>::deserialize(deserializer)?.into_iter().map(|In(value)| value).collect())
    }

    fn form() -> String {
        format!("[{}, …]", T::form())
    }
}

impl<T: Wire + Ord> Wire for BTreeSet<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_list(self, out);
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::read(deserializer)?.into_iter().collect())
    }

    fn form() -> String {
        Vec::<T>::form()
    }
}

fn write_list<'a, T: Wire + 'a>(values: impl IntoIterator<Item = &'a T>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (position, value) in values.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        value.write(out);
    }
    out.push(b']');
}

macro_rules! integers {
    ($($type:ty => $write:ident),* $(,)?) => {$(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                json::$write(out, (*self).into());
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn form() -> String {
                stringify!($type).to_owned()
            }
        }
    )*};
}

integers! { u8 => unsigned, u32 => unsigned, u64 => unsigned, i32 => signed }

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn form() -> String {
        "bool".to_owned()
    }
}

impl Wire for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        json::signed(out, self.0);
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self)
    }

    fn form() -> String {
        "milliseconds since 1970".to_owned()
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        json::text(out, self);
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Self as Deserialize>::deserialize(deserializer)
    }

    fn form() -> String {
        "text".to_owned()
    }
}

/// Settings documents: checked where they are used, so that the log stays readable when their schema moves on.
impl Wire for serde_json::Value {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Self as Deserialize>::deserialize(deserializer)
    }

    fn form() -> String {
        "JSON".to_owned()
    }
}

impl Wire for Sealed {
    fn write(&self, out: &mut Vec<u8>) {
        json::base64(out, self.as_bytes());
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "base64", |text| BASE64.decode(text.as_bytes()).ok()).map(Self::new)
    }

    fn form() -> String {
        "base64 of a ciphertext".to_owned()
    }
}

impl Wire for KeyedHash {
    fn write(&self, out: &mut Vec<u8>) {
        json::base64(out, self.as_bytes());
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "base64 of 32 bytes", fixed_bytes).map(Self::new)
    }

    fn form() -> String {
        "base64 of 32 bytes".to_owned()
    }
}

impl Wire for CodeNonce {
    fn write(&self, out: &mut Vec<u8>) {
        json::base64(out, &self.0);
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "base64 of 16 bytes", fixed_bytes).map(Self)
    }

    fn form() -> String {
        "base64 of 16 bytes".to_owned()
    }
}

fn fixed_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Room for the padding that decoding needs while it works: at most two bytes more than the result.
    let mut room = [0; 48];
    let room = room.get_mut(..BASE64.decode_len(text.len()).ok()?)?;
    let length = BASE64.decode_mut(text.as_bytes(), room).ok()?;
    room.get(..length)?.try_into().ok()
}

macro_rules! ids {
    ($($type:ident),* $(,)?) => {$(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                json::plain(out, self.as_str());
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_text(deserializer, stringify!($type), |text| Self::parse(text).ok())
            }

            fn form() -> String {
                format!("{}…", Self::PREFIX)
            }
        }
    )*};
}

ids! { AccountId, ChallengeId, EnrolmentId, FactorId, KeyId, MessageId, UserToken }

/// The wire names of an enum without data. Exhaustive: a new variant breaks the build here.
macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* $(,)? })*) => {$(
        impl $crate::wire::value::Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                $crate::wire::json::plain(out, match self { $(Self::$variant => $name),* });
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::value::read_text(deserializer, stringify!($type), |text| match text {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                })
            }

            fn form() -> String {
                [$($name),*].join("|")
            }
        }
    )*};
}

pub(super) use names;

names! {
    Algorithm { Sha1 = "sha1", Sha256 = "sha256", Sha512 = "sha512" }
    Method { Totp = "totp", Email = "email", Sms = "sms" }
    Channel { Email = "email", Sms = "sms" }
    FactorKind { Totp = "totp", Email = "email", Sms = "sms", RecoveryCode = "recovery_code" }
    Mode { Live = "live", Test = "test" }
}

record! { TotpParams { digits: u8, period_secs: u32, skew_steps: u8, algorithm: Algorithm } }

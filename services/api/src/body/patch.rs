//! Telling "left out" from `null`.

use serde::{Deserialize, Deserializer};
use twofold_domain::user::Patch;

/// For `#[serde(default, deserialize_with = …)]` on an `Option<Option<T>>`: left out is none, `null` is some none.
pub fn double_option<'de, T: Deserialize<'de>, D: Deserializer<'de>>(input: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(input).map(Some)
}

/// As the rules want it.
pub fn patch<T, U, E>(field: Option<Option<T>>, read: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
    Ok(match field {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(value)) => Patch::Set(read(value)?),
    })
}

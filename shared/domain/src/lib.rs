//! The rules of Twofold: commands, events, state, decide, evolve, policy.
//!
//! Pure and synchronous. Deliberately absent: IO, clocks, randomness, cryptography and clear secrets. Time and
//! randomness arrive inside commands; secrets arrive sealed ([`Sealed`]) or as the *evidence* of an evaluation.

pub mod actor;
pub mod delivery;
pub mod destination;
pub mod ids;
pub mod limits;
pub mod messages;
pub mod presets;
pub mod sealed;
pub mod sending;
pub mod settings;
pub mod tenant;
pub mod time;
pub mod totp;
pub mod user;
pub mod user_id;

pub use destination::{DestinationError, EmailAddress, PhoneNumber};
pub use ids::{
    AccountId, ChallengeId, CommitId, EnrolmentId, FactorId, IdError, KeyId, MessageId, TenantId, UserToken,
};
pub use presets::Preset;
pub use sealed::{CodeNonce, KeyedHash, Sealed};
pub use time::Timestamp;
pub use totp::{Algorithm, Channel, FactorKind, Method, Mode, TotpParams};
pub use user_id::{PanelId, PanelIdError};

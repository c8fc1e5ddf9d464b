//! Use cases of one user's second factor.

mod admit;
mod ask;
mod cache;
mod erase;
mod evaluate;
mod load;
mod prepare;
mod render;
mod run;

pub use ask::{Ask, Caller, ProfileInput, ReauthInput, Typed, UserRef};
pub use evaluate::code_of;
pub use load::{Loaded, fold_subject};
pub use render::{Rendered, Shown};

pub(crate) use cache::UserCache;

//! Other servers that check codes, each started by a script in `loadtests/peers`.

mod description;
mod scenario;
mod script;
#[cfg(test)]
mod tests;

pub(super) use self::description::Description;
pub(super) use self::scenario::PeerScenario;
pub(super) use self::script::Script;

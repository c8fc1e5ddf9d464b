//! The aggregate: one user's whole second-factor state in one tenant. One expected version covers replay, lockout,
//! recovery codes and "disable" alike.

mod budget;
mod command;
mod decide;
mod event;
mod evolve;
mod gate;
mod login;
mod refusal;
mod rights;
mod state;

pub use budget::{Budget, Budgets, Lock};
pub use command::{Attempt, ChannelsReady, Command, CommandKind, Evidence, Fresh, Patch, ProfilePatch, ReauthProof};
pub use decide::{
    ChallengeAnswer, Decision, DeliveryRequest, MessageKind, NoticeKind, Outcome, decide, may_disable_at_login,
    reauth_rule,
};
pub use event::{
    AccountRef, Destination, DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, Profile, Proof, Purpose,
    Receipt, Target, UserEvent,
};
pub use evolve::evolve;
pub use gate::{Gate, gate};
pub use login::{LoginRequirement, NotRequired, login_requirement};
pub use refusal::Refusal;
pub use rights::{Rights, may_toggle, rights_of_user};
pub use state::{Challenge, Closed, Enrolment, Factor, FactorDetail, LastCodeAt, User};

#[cfg(test)]
mod tests;

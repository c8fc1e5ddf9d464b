//! The use cases: load the state, look at the code, decide, append, answer. Everything that has an effect goes through
//! the ports handed in at construction, so the embedded and the distributed deployment share this one path.

mod answer;
mod chain;
mod channel_test;
mod clock;
mod context;
mod delivery;
mod directory;
mod engine;
mod error;
mod fresh;
mod guard;
mod outbound;
mod redrive;
mod seal;
mod snapshot;
mod tenant;
mod tenant_delivery;
mod user;

pub use answer::{Answer, Idempotency, Reply};
pub use chain::{Chain, ChainError};
pub use channel_test::{ChannelTest, TestAnswer, TestMessage, TestSent};
pub use clock::{Clock, ManualClock, SystemClock};
pub use context::{ActorInput, PrivateContext, RequestContext};
pub use delivery::{
    AcceptedBy, Callback, CallbackKind, CallbackNews, DeliveryReport, ListChange, MailNews, MailReport, MessageLedger,
    MessageStanding, Reported, ReportedBy, Suppression, SuppressionChange,
};
pub use directory::{Directory, DirectoryStatus, Principal, TenantView, follow};
pub use engine::{Engine, EngineParts};
pub use error::EngineError;
pub use guard::{DeliveryGuard, GuardCounts, GuardParts, NoGuard, Sending, UsageGuard};
pub use outbound::{NoOutbound, Outbound, Preview, RenderRequest, RenderedMessage};
pub use redrive::DeadMessage;
pub use seal::{Label, aad};
pub use snapshot::SnapshotCounts;
pub use tenant::{CreatedKey, NewKey};
pub use user::{
    Ask, Caller, Loaded, ProfileInput, ReauthInput, Rendered, Shown, Typed, UserRef, code_of, fold_subject,
};

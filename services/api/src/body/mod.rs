//! Request and answer bodies of the user routes.

mod api_key;
mod challenge;
mod challenge_delivery;
mod channel_name;
mod done;
mod enrolment;
mod patch;
mod requests;
mod user;
mod verification;

pub use api_key::{ApiKeyBody, ApiKeyPost, NewApiKeyBody};
pub use challenge::ChallengeBody;
pub use channel_name::ChannelName;
pub use done::DoneBody;
pub use enrolment::EnrolmentBody;
pub use requests::{
    ActionRequest, ChallengeRequest, CodeRequest, EnrolmentRequest, HasOrigin, UnlockRequest, UserPut, VerifyRequest,
};
pub use user::{UserBody, UserStatus};
pub use verification::{VerifiedBody, VerifyAnswer};

use twofold_domain::Timestamp;
use twofold_domain::messages;
use twofold_engine::Rendered;

/// A text of the catalogue in the user's language.
pub fn text(rendered: &Rendered<'_>, id: &str) -> String {
    messages::text(rendered.settings, rendered.locale(), id).to_owned()
}

fn instant(at: Timestamp) -> String {
    at.to_rfc3339()
}

//! What can be asked, in the words of the API: clear texts in, nothing sealed yet.

use std::sync::Arc;

use twofold_domain::actor::Role;
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::user::{Patch, Purpose, Target};
use twofold_domain::{ChallengeId, EnrolmentId, FactorKind, Method, Mode, PanelId, Timestamp, UserToken};
use twofold_event_log::Subject;
use zeroize::Zeroizing;

use crate::context::RequestContext;
use crate::directory::TenantView;

/// On whose behalf: tenant and mode come from the API key.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub tenant: Arc<TenantView>,
    /// Live or test.
    pub mode: Mode,
    /// Actor, reason, request.
    pub context: RequestContext,
}

/// A user as the panel names him, with the opaque token and subject he has in the log.
#[derive(Debug, Clone)]
pub struct UserRef {
    /// The panel's id in canonical form.
    pub panel_id: PanelId,
    /// The token.
    pub token: UserToken,
    /// The subject.
    pub subject: Subject,
}

/// What somebody typed into a code field. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Takes the text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Recovery codes always hold a letter, other codes never do.
    pub(crate) fn looks_like_recovery_code(&self) -> bool {
        self.0.bytes().any(|b| b.is_ascii_alphabetic())
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// What the panel tells of a user.
#[derive(Debug, Clone, Default)]
pub struct ProfileInput {
    /// The panel's account id.
    pub account: Patch<PanelId>,
    /// Role.
    pub role: Option<Role>,
    /// Registered e-mail address.
    pub email: Patch<EmailAddress>,
    /// Registered mobile number.
    pub phone: Patch<PhoneNumber>,
    /// Language.
    pub locale: Patch<String>,
    /// "Use 2FA".
    pub use_2fa: Patch<bool>,
    /// "Can toggle the use of 2FA".
    pub may_toggle: Patch<bool>,
}

/// What the user has proved just now.
#[derive(Debug, Clone, Default)]
pub struct ReauthInput {
    /// The user confirmed.
    pub confirmed: bool,
    /// When the panel checked the login password.
    pub password_at: Option<Timestamp>,
    /// The panel's session passed the second factor.
    pub session_verified: bool,
    /// A code.
    pub code: Option<Typed>,
    /// The re-authentication challenge the code belongs to, for e-mail and SMS.
    pub challenge: Option<ChallengeId>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Register or change a user.
    PutProfile(Box<ProfileInput>),
    /// Begin set-up.
    StartEnrolment {
        /// Method.
        method: Method,
        /// Address or number the user entered.
        destination: Option<String>,
        /// What the user proved.
        reauth: ReauthInput,
    },
    /// Send the set-up code again.
    ResendEnrolmentCode(EnrolmentId),
    /// Prove the new factor.
    ConfirmEnrolment(EnrolmentId, Typed),
    /// What must the login page show?
    OpenChallenge {
        /// Login or re-authentication.
        purpose: Purpose,
        /// Wanted method.
        method: Option<Method>,
        /// Address or number the user entered, for set-up.
        destination: Option<String>,
    },
    /// Send the code again.
    ResendChallengeCode(ChallengeId),
    /// Try a code.
    Verify {
        /// Against what.
        target: Target,
        /// The factor it is meant for; none: by its look and what the target asks for.
        kind: Option<FactorKind>,
        /// The code.
        code: Typed,
    },
    /// "Disable 2FA" on the set-up page.
    DisableAtLogin(ChallengeId),
    /// Remove the authenticator.
    ResetAuthenticator(ReauthInput),
    /// Remove all factors.
    Reset(ReauthInput),
    /// Switch off.
    Disable(ReauthInput),
    /// New recovery codes.
    RegenerateRecoveryCodes(ReauthInput),
    /// Clear a lock.
    Unlock(Option<FactorKind>),
    /// Record that the user's data is gone.
    Erase,
}

//! What a panel sends. Unknown fields are refused.

use serde::Deserialize;
use twofold_domain::actor::Role;
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::settings::Settings;
use twofold_domain::user::Purpose;
use twofold_domain::{ChallengeId, FactorKind, Method, Timestamp};
use twofold_engine::{ProfileInput, ReauthInput, Typed};
use utoipa::ToSchema;

use super::patch::{double_option, patch};
use crate::http::{ActorBody, ClientBody, Origin, Problem, Result, panel_id};

/// A method of the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// Authenticator app.
    Totp,
    /// Code by e-mail.
    Email,
    /// Code by SMS.
    Sms,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Totp => Self::Totp,
            MethodName::Email => Self::Email,
            MethodName::Sms => Self::Sms,
        }
    }
}

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestFactor {
    /// From an authenticator app.
    Totp,
    /// Sent by e-mail.
    Email,
    /// Sent by SMS.
    Sms,
    /// A recovery code.
    RecoveryCode,
}

impl From<RequestFactor> for FactorKind {
    fn from(name: RequestFactor) -> Self {
        match name {
            RequestFactor::Totp => Self::Totp,
            RequestFactor::Email => Self::Email,
            RequestFactor::Sms => Self::Sms,
            RequestFactor::RecoveryCode => Self::RecoveryCode,
        }
    }
}

/// A body that may say who acts, why and from where.
pub trait HasOrigin {
    /// Actor, reason and client, taken out of the body.
    fn origin(&mut self) -> Origin;
}

macro_rules! origin {
    ($($name:ident),+ $(,)?) => {$(
        impl HasOrigin for $name {
            fn origin(&mut self) -> Origin {
                Origin { actor: self.actor.take(), reason: self.reason.take(), client: self.client.take() }
            }
        }
    )+};
}

origin!(UserPut, EnrolmentRequest, ActionRequest, UnlockRequest, ChallengeRequest, CodeRequest, VerifyRequest);

/// What the panel tells of a user. A field left out keeps its value; `null` clears it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPut {
    /// The panel's own account id.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<String>, nullable)]
    pub account: Option<Option<String>>,
    /// Role inside the account: `user` or `admin`.
    #[schema(value_type = Option<String>, example = "user")]
    #[serde(default)]
    pub role: Option<Role>,
    /// Registered primary e-mail address.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<String>, nullable)]
    pub email: Option<Option<String>>,
    /// Registered mobile number, best as E.164 (`+447400123456`).
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<String>, nullable)]
    pub phone: Option<Option<String>>,
    /// Language, such as `en` or `de`.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<String>, nullable)]
    pub locale: Option<Option<String>>,
    /// "Use 2FA": true, false, or null for as the policy says.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<bool>, nullable)]
    pub use_2fa: Option<Option<bool>>,
    /// "Can toggle the use of 2FA": true, false, or null for as account and tenant say.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<bool>, nullable)]
    pub may_toggle: Option<Option<bool>>,
    /// Who acts. Default: the panel itself (`system`).
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

impl UserPut {
    /// Reads the fields.
    pub fn profile(self, settings: &Settings) -> Result<ProfileInput> {
        let phone = |text: String| {
            let number = PhoneNumber::parse(&text, settings.sms.default_country.as_deref())
                .map_err(|e| Problem::invalid("phone", e.to_string()))?;
            Ok::<_, Problem>(number)
        };
        let same = |value| Ok::<_, Problem>(value);
        Ok(ProfileInput {
            account: patch(self.account, |id| panel_id("account", &id))?,
            role: self.role,
            email: patch(self.email, |text| {
                EmailAddress::parse(&text).map_err(|e| Problem::invalid("email", e.to_string()))
            })?,
            phone: patch(self.phone, phone)?,
            locale: patch(self.locale, |tag: String| Ok::<_, Problem>(tag))?,
            use_2fa: patch(self.use_2fa, same)?,
            may_toggle: patch(self.may_toggle, same)?,
        })
    }
}

/// What the user has proved just now; what is needed depends on the tenant's `reauth` settings.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthBody {
    /// The user confirmed the action.
    #[serde(default)]
    pub confirmed: bool,
    /// When the panel last checked the user's login password (RFC 3339). The panel vouches for it.
    #[schema(value_type = Option<String>, example = "2027-01-31T12:00:00Z")]
    #[serde(default)]
    pub password_verified_at: Option<String>,
    /// The panel's session passed the second factor.
    #[serde(default)]
    pub session_verified: bool,
    /// A code of the user's active factor, or a recovery code.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub code: Option<String>,
    /// The challenge (purpose `reauth`) that the code was sent for; only for e-mail and SMS.
    #[serde(default)]
    pub challenge_id: Option<String>,
}

impl ReauthBody {
    /// Reads the fields.
    pub fn read(self) -> Result<ReauthInput> {
        let instant = |text: String| {
            Timestamp::parse_rfc3339(&text).ok_or_else(|| {
                Problem::invalid("reauth.password_verified_at", "an RFC 3339 instant such as 2027-01-31T12:00:00Z")
            })
        };
        let challenge = |text: String| {
            ChallengeId::parse(&text)
                .map_err(|_| Problem::not_found("challenge_not_found", "no such challenge; open a new one"))
        };
        Ok(ReauthInput {
            confirmed: self.confirmed,
            password_at: self.password_verified_at.map(instant).transpose()?,
            session_verified: self.session_verified,
            code: self.code.map(Typed::new),
            challenge: self.challenge_id.map(challenge).transpose()?,
        })
    }
}

/// Begin set-up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The method.
    pub method: MethodName,
    /// The address or number the user entered; only where the tenant lets the user enter one.
    #[serde(default)]
    pub destination: Option<String>,
    /// What the user proved.
    #[serde(default)]
    pub reauth: ReauthBody,
    /// Who acts. Default: the user.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

/// Reset, disable, new recovery codes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRequest {
    /// What the user proved; not asked of administrators and support.
    #[serde(default)]
    pub reauth: ReauthBody,
    /// Who acts. Default: the user.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why. Mandatory for support.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

/// Clear a lock.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockRequest {
    /// Whose lock. Default: all.
    #[serde(default)]
    pub factor: Option<RequestFactor>,
    /// Who acts: `account_admin`, `support` or `system`.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why. Mandatory for support.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

/// Why a code is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurposeName {
    /// To log in.
    #[default]
    Login,
    /// To confirm a sensitive change.
    Reauth,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Login => Self::Login,
            PurposeName::Reauth => Self::Reauth,
        }
    }
}

/// Ask what the login page must show.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// `login` (default) or `reauth`.
    #[serde(default)]
    pub purpose: PurposeName,
    /// The wanted method. Default: the preferred one.
    #[serde(default)]
    pub method: Option<MethodName>,
    /// The address or number the user entered, for set-up by e-mail or SMS.
    #[serde(default)]
    pub destination: Option<String>,
    /// Who acts. Default: the user.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

/// A code for an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// What the user typed. Blanks and hyphens do not matter.
    #[schema(example = "123 456")]
    pub code: String,
    /// Who acts. Default: the user.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

/// A code at login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// What the user typed: digits, or a recovery code. Blanks and hyphens do not matter.
    #[schema(example = "123456")]
    pub code: String,
    /// What it is. Default: a recovery code when it holds a letter, else a code of the method asked for.
    #[serde(default)]
    pub method: Option<RequestFactor>,
    /// Who acts. Default: the user.
    #[serde(default)]
    pub actor: Option<ActorBody>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The end user's side of the request.
    #[serde(default)]
    pub client: Option<ClientBody>,
}

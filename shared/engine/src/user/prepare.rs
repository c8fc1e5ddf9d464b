//! From what was asked, in clear, to a command for the rules: seal, hash, draw, and look at codes.

use twofold_crypto::{DataKey, recovery, totp};
use twofold_domain::actor::Actor;
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::settings::Settings;
use twofold_domain::user::{
    AccountRef, Attempt, CommandKind, Destination, Evidence, Patch, ProfilePatch, Purpose, ReauthProof, Target, User,
    gate, reauth_rule,
};
use twofold_domain::{FactorKind, KeyedHash, Method, Sealed, Timestamp};

use super::ask::{Ask, Caller, ProfileInput, ReauthInput, Typed, UserRef};
use super::evaluate::{Owner, evaluate};
use super::render::Shown;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::seal::{Label, aad};

/// Longest accepted locale tag.
const MAX_LOCALE_CHARS: usize = 11;

pub(super) struct Preparation<'a> {
    pub engine: &'a Engine,
    pub caller: &'a Caller,
    pub whom: &'a UserRef,
    pub actor: &'a Actor,
    pub user: &'a User,
    pub settings: &'a Settings,
    pub key: &'a DataKey,
    pub now: Timestamp,
}

impl Preparation<'_> {
    pub(super) fn command(&self, ask: &Ask) -> Result<(CommandKind, Shown), EngineError> {
        let mut shown = Shown::default();
        let kind = match ask {
            Ask::PutProfile(input) => CommandKind::PutProfile(self.profile(input)?),
            Ask::StartEnrolment { method, destination, reauth } => {
                let secret = self.new_secret(&mut shown);
                let entered = self.entered(*method, destination.as_deref())?;
                let draft =
                    CommandKind::StartEnrolment { method: *method, secret, entered, reauth: ReauthProof::default() };
                self.with_reauth(draft, reauth)?
            }
            Ask::ResendEnrolmentCode(enrolment) => CommandKind::ResendEnrolmentCode { enrolment: enrolment.clone() },
            Ask::ConfirmEnrolment(enrolment, typed) => {
                let attempt =
                    Attempt { target: Target::Enrolment(enrolment.clone()), purpose: Purpose::Enrolment, kind: None };
                let evidence = self.look(&attempt, typed)?;
                CommandKind::ConfirmEnrolment {
                    enrolment: enrolment.clone(),
                    evidence,
                    recovery: self.new_recovery(&mut shown),
                }
            }
            Ask::OpenChallenge { purpose, method, destination } => {
                let entered = match method {
                    Some(method) => self.entered(*method, destination.as_deref())?,
                    None if destination.is_some() => {
                        return Err(EngineError::Invalid {
                            field: "destination",
                            problem: "name the method it is for as well".to_owned(),
                        });
                    }
                    None => None,
                };
                CommandKind::OpenChallenge {
                    purpose: *purpose,
                    method: *method,
                    secret: self.new_secret(&mut shown),
                    entered,
                }
            }
            Ask::ResendChallengeCode(challenge) => CommandKind::ResendChallengeCode { challenge: challenge.clone() },
            Ask::Verify { target, kind, code } => {
                let attempt = Attempt {
                    target: target.clone(),
                    purpose: self.purpose_of(target),
                    kind: self.kind_of(*kind, code),
                };
                let evidence = self.look(&attempt, code)?;
                // Only a code that completes a set-up can need new recovery codes.
                let recovery = if self.completes_setup(target) { self.new_recovery(&mut shown) } else { Vec::new() };
                CommandKind::Verify { attempt, evidence, recovery }
            }
            Ask::DisableAtLogin(challenge) => CommandKind::DisableAtLogin { challenge: challenge.clone() },
            Ask::ResetAuthenticator(reauth) => {
                self.with_reauth(CommandKind::ResetAuthenticator { reauth: ReauthProof::default() }, reauth)?
            }
            Ask::Reset(reauth) => self.with_reauth(CommandKind::Reset { reauth: ReauthProof::default() }, reauth)?,
            Ask::Disable(reauth) => {
                self.with_reauth(CommandKind::Disable { reauth: ReauthProof::default() }, reauth)?
            }
            Ask::RegenerateRecoveryCodes(reauth) => {
                let recovery = self.new_recovery(&mut shown);
                self.with_reauth(
                    CommandKind::RegenerateRecoveryCodes { reauth: ReauthProof::default(), recovery },
                    reauth,
                )?
            }
            Ask::Unlock(kind) => CommandKind::Unlock { kind: *kind },
            Ask::Erase => CommandKind::Erase,
        };
        Ok((kind, shown))
    }

    fn rng(&self) -> &dyn twofold_crypto::Random {
        &*self.engine.parts.rng
    }

    fn seal(&self, label: Label, clear: &[u8]) -> Sealed {
        let aad = aad(label, self.caller.tenant.id.as_str(), self.whom.token.as_str());
        self.key.seal(&aad, clear, self.rng())
    }

    fn new_secret(&self, shown: &mut Shown) -> Sealed {
        let secret = totp::generate_secret(self.rng());
        let sealed = self.seal(Label::TotpSecret, &secret);
        shown.secret = Some(secret);
        sealed
    }

    fn new_recovery(&self, shown: &mut Shown) -> Vec<KeyedHash> {
        let rules = &self.settings.recovery_codes;
        if !rules.enabled {
            return Vec::new();
        }
        shown.recovery = recovery::generate(usize::from(rules.count), usize::from(rules.length), self.rng());
        let hash = |code: &twofold_crypto::RecoveryCode| {
            self.engine.parts.keyring.recovery_hash(&self.caller.tenant.id, &self.whom.token, code.expose())
        };
        shown.recovery.iter().map(hash).collect()
    }

    fn profile(&self, input: &ProfileInput) -> Result<ProfilePatch, EngineError> {
        if let Patch::Set(locale) = &input.locale {
            let plain = locale.len() <= MAX_LOCALE_CHARS
                && locale.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && locale.len() >= 2;
            if !plain {
                return Err(EngineError::Invalid {
                    field: "locale",
                    problem: "must be a language tag such as en or de-at".to_owned(),
                });
            }
        }
        let account = match &input.account {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(panel_id) => {
                let id = self.engine.parts.keyring.account_id(&self.caller.tenant.id, self.caller.mode, panel_id);
                Patch::Set(AccountRef { id, sealed: self.seal(Label::AccountPanelId, panel_id.as_str().as_bytes()) })
            }
        };
        Ok(ProfilePatch {
            mode: self.caller.mode,
            panel_id: self.seal(Label::PanelId, self.whom.panel_id.as_str().as_bytes()),
            account,
            role: input.role,
            email: map(&input.email, |address| self.destination(Label::Email, address.as_str())),
            phone: map(&input.phone, |number| self.destination(Label::Phone, number.e164())),
            locale: map(&input.locale, |tag| tag.to_ascii_lowercase()),
            use_2fa: input.use_2fa.clone(),
            may_toggle: input.may_toggle.clone(),
        })
    }

    fn destination(&self, label: Label, text: &str) -> Destination {
        let fingerprint = self.engine.parts.keyring.destination_hash(&self.caller.tenant.id, text);
        Destination { sealed: self.seal(label, text.as_bytes()), fingerprint }
    }

    fn entered(&self, method: Method, text: Option<&str>) -> Result<Option<Destination>, EngineError> {
        let Some(text) = text else { return Ok(None) };
        let invalid = |problem: String| EngineError::Invalid { field: "destination", problem };
        match method {
            Method::Totp => Err(invalid("an authenticator app has no destination".to_owned())),
            Method::Email => {
                let address = EmailAddress::parse(text).map_err(|e| invalid(e.to_string()))?;
                Ok(Some(self.destination(Label::Email, address.as_str())))
            }
            Method::Sms => {
                let number = PhoneNumber::parse(text, self.settings.sms.default_country.as_deref())
                    .map_err(|e| invalid(e.to_string()))?;
                number.allowed_by(&self.settings.sms).map_err(|e| invalid(e.to_string()))?;
                Ok(Some(self.destination(Label::Phone, number.e164())))
            }
        }
    }

    fn purpose_of(&self, target: &Target) -> Purpose {
        match target {
            Target::Direct => Purpose::Login,
            Target::Enrolment(_) => Purpose::Enrolment,
            Target::Challenge(id) => self.user.challenge(id).map_or(Purpose::Login, |c| c.purpose),
        }
    }

    fn kind_of(&self, asked: Option<FactorKind>, typed: &Typed) -> Option<FactorKind> {
        let guess = || typed.looks_like_recovery_code() && self.settings.recovery_codes.enabled;
        asked.or_else(|| guess().then_some(FactorKind::RecoveryCode))
    }

    fn completes_setup(&self, target: &Target) -> bool {
        matches!(target, Target::Challenge(id) if self.user.challenge(id).is_some_and(|c| c.setup.is_some()))
    }

    fn look(&self, attempt: &Attempt, typed: &Typed) -> Result<Evidence, EngineError> {
        let found = gate(self.user, self.settings, attempt, self.now)?;
        let owner = Owner {
            tenant: &self.caller.tenant.id,
            user: &self.whom.token,
            key: self.key,
            keyring: &self.engine.parts.keyring,
        };
        // Time never runs backwards for a user (C10); the rules check the step against the same instant.
        evaluate(&owner, &found, typed, self.user.monotone(self.now))
    }

    /// A code is looked at only when the rule asks for one: nobody gets a free guess.
    fn with_reauth(&self, mut draft: CommandKind, input: &ReauthInput) -> Result<CommandKind, EngineError> {
        let wanted = *self.actor == Actor::User && reauth_rule(&draft, self.settings).needs_code();
        let code = match &input.code {
            Some(typed) if wanted => {
                let target = input.challenge.clone().map_or(Target::Direct, Target::Challenge);
                let attempt = Attempt { target, purpose: Purpose::Reauth, kind: self.kind_of(None, typed) };
                let evidence = self.look(&attempt, typed)?;
                Some((attempt, evidence))
            }
            Some(_) | None => None,
        };
        let proof = ReauthProof {
            confirmed: input.confirmed,
            password_at: input.password_at,
            session_verified: input.session_verified,
            code,
        };
        if let CommandKind::StartEnrolment { reauth, .. }
        | CommandKind::ResetAuthenticator { reauth }
        | CommandKind::Reset { reauth }
        | CommandKind::Disable { reauth }
        | CommandKind::RegenerateRecoveryCodes { reauth, .. } = &mut draft
        {
            *reauth = proof;
        }
        Ok(draft)
    }
}

fn map<T, U>(patch: &Patch<T>, with: impl Fn(&T) -> U) -> Patch<U> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(with(value)),
    }
}

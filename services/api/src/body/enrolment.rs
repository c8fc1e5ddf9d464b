//! A set-up that began.

use serde::Serialize;
use twofold_crypto::totp;
use twofold_domain::Method;
use twofold_domain::user::{Enrolment, EnrolmentDetail};
use twofold_engine::{Answer, Rendered};
use utoipa::ToSchema;

use super::user::masked;
use super::{instant, text};

/// What an authenticator app needs. Shown only now.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpSetup {
    /// The secret in base32, to be typed: 32 letters for 160 bit (S0-04).
    pub secret: String,
    /// The `otpauth://` URI.
    pub otpauth_uri: String,
    /// The URI as a QR code: an SVG to be put into the page as it is.
    pub qr_svg: String,
    /// The label in the app.
    pub issuer: String,
    /// Digits of a code.
    pub digits: u8,
    /// Seconds a code is valid.
    pub period_secs: u32,
    /// SHA1, SHA256 or SHA512.
    pub algorithm: &'static str,
}

/// A set-up.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolmentBody {
    /// Its id.
    pub id: String,
    /// `totp`, `email` or `sms`.
    pub method: &'static str,
    /// When it dies unfinished.
    pub expires_at: String,
    /// Digits of the code to enter.
    pub digits: u8,
    /// For an authenticator app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpSetup>,
    /// Masked address or number the code went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// When the sent code dies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_expires_at: Option<String>,
    /// From when on another code can be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend_at: Option<String>,
    /// The text to show, in the user's language.
    pub message: String,
    /// The name of the action, for a button or headline.
    pub action: String,
    /// The app the tenant recommends (S0-03).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommended_app: Option<String>,
    /// What the user should know of the method's weakness (C11, C12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
    /// Position of the write.
    pub position: u64,
}

impl EnrolmentBody {
    /// From the pending enrolment of a state.
    pub fn of(rendered: &Rendered<'_>, pending: &Enrolment) -> Self {
        let mut made = Self {
            id: pending.id.to_string(),
            method: pending.method.name(),
            expires_at: instant(pending.expires_at),
            digits: 6,
            totp: None,
            destination: None,
            code_expires_at: None,
            resend_at: None,
            message: text(rendered, message_id(pending.method)),
            action: text(rendered, "action.enrol"),
            recommended_app: None,
            risk: None,
            position: 0,
        };
        match &pending.detail {
            EnrolmentDetail::Totp { params, .. } => {
                made.digits = params.digits;
                made.recommended_app.clone_from(&rendered.settings.enrolment.recommended_app);
                made.totp = setup(rendered, *params);
            }
            EnrolmentDetail::Code { destination, code } => {
                let resolved = rendered.user.resolve(pending.method, destination);
                made.digits = code.digits;
                made.destination = resolved.and_then(|d| masked(rendered, pending.method, d));
                made.code_expires_at = Some(instant(code.expires_at));
                made.resend_at =
                    Some(instant(code.issued_at.plus_secs(u64::from(rendered.settings.codes.resend_after_secs))));
                made.risk = Some(text(rendered, if pending.method == Method::Sms { "risk.sms" } else { "risk.email" }));
            }
        }
        made
    }
}

/// The secret just made; a later look at the enrolment does not show it again.
fn setup(rendered: &Rendered<'_>, params: twofold_domain::TotpParams) -> Option<TotpSetup> {
    let secret = rendered.shown.secret.as_ref()?;
    let issuer = rendered.settings.totp.issuer.clone().unwrap_or_else(|| rendered.settings.brand.clone());
    let label = rendered.panel_id().unwrap_or_default();
    let uri = totp::otpauth_uri(&issuer, &label, secret, &params);
    Some(TotpSetup {
        secret: totp::base32(secret).to_string(),
        qr_svg: totp::qr_svg(&uri).unwrap_or_default(),
        otpauth_uri: uri.to_string(),
        issuer,
        digits: params.digits,
        period_secs: params.period_secs,
        algorithm: params.algorithm.name(),
    })
}

const fn message_id(method: Method) -> &'static str {
    match method {
        Method::Totp => "enrol.hint.totp",
        Method::Email => "enrol.sent.email",
        Method::Sms => "enrol.sent.sms",
    }
}

impl Answer for EnrolmentBody {
    fn status(&self) -> u16 {
        201
    }

    fn strip_shown_once(&mut self) {
        self.totp = None;
    }

    fn set_position(&mut self, position: u64) {
        self.position = position;
    }
}

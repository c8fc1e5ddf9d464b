//! Registering, and setting an authenticator app up.

use serde_json::{Value, json};
use twofold_crypto::totp::{code_at, parse_base32, qr_terminal, step_at};
use twofold_domain::TotpParams;
use twofold_engine::{Clock as _, SystemClock};

use super::Kept;
use crate::cli::demo::story::Story;
use crate::failure::{Context as _, Done};

impl Story {
    pub(super) async fn register(&mut self) -> Done {
        self.step("The panel tells of a user");
        let email = format!("{}@example.com", self.user);
        let answer = self.client.put(&self.path(""), &json!({ "email": email, "locale": "en" })).await?;
        Self::show(format!("PUT {}  email {email}", self.path("")));
        self.must(&answer, 200, answer.text("/status") == "disabled")
    }

    pub(super) async fn enrol_app(&mut self, kept: &mut Kept) -> Done {
        self.step("The user sets up an authenticator app: scan this, or type the secret");
        let body = json!({ "method": "totp", "reauth": { "confirmed": true } });
        let answer = self.client.post(&self.path("/enrolments"), &body).await?;
        let uri = answer.text("/totp/otpauth_uri");
        Self::show(qr_terminal(uri));
        Self::show(format!("secret {}", answer.text("/totp/secret")));
        self.must(&answer, 201, uri.starts_with("otpauth://totp/"))?;
        kept.secret = parse_base32(answer.text("/totp/secret")).context("the secret is not base32")?.to_vec();
        answer.text("/id").clone_into(&mut kept.used_code);
        Ok(())
    }

    pub(super) async fn confirm_app(&mut self, kept: &mut Kept) -> Done {
        self.step("The app shows a code; the user types it, which proves the app");
        let enrolment = std::mem::take(&mut kept.used_code);
        kept.used_step = current_step();
        let code = code_of(kept, kept.used_step);
        Self::show(format!("code {code}"));
        let answer =
            self.client.post(&self.path(&format!("/enrolments/{enrolment}/confirm")), &json!({ "code": code })).await?;
        let codes = answer.body["recovery_codes"].as_array().cloned().unwrap_or_default();
        kept.recovery_codes = codes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        self.must(&answer, 200, kept.recovery_codes.len() == 10)?;
        Self::show(format!("{} recovery codes, shown only now:", codes.len()));
        for five in kept.recovery_codes.chunks(5) {
            Self::show(format!("  {}", five.join("  ")));
        }
        Ok(())
    }
}

/// The step of this machine's clock.
pub(super) fn current_step() -> u64 {
    step_at(&TotpParams::default(), SystemClock.now())
}

/// What the app shows in a step.
pub(super) fn code_of(kept: &Kept, step: u64) -> String {
    code_at(&kept.secret, &TotpParams::default(), step).expose().to_owned()
}

//! Logging in: wrong, right, replayed, and with a recovery code.

use serde_json::{Value, json};
use twofold_domain::TotpParams;

use super::Kept;
use super::setup::{code_of, current_step};
use crate::cli::demo::client::Answer;
use crate::cli::demo::story::Story;
use crate::failure::{Done, Failure};

impl Story {
    pub(super) async fn open_challenge(&mut self, title: &'static str) -> Result<String, Failure> {
        self.step(title);
        let answer = self.client.post(&self.path("/challenges"), &json!({})).await?;
        let asks = answer.text("/status") == "code_required" && answer.body["login_allowed"] == json!(false);
        self.must(&answer, 201, asks)?;
        Ok(answer.text("/id").to_owned())
    }

    async fn verify(&self, challenge: &str, code: &str) -> Result<Answer, Failure> {
        Self::show(format!("code {code}"));
        self.client.post(&self.path(&format!("/challenges/{challenge}/verify")), &json!({ "code": code })).await
    }

    pub(super) async fn wrong_code(&mut self, challenge: &str, kept: &Kept) -> Done {
        self.step("A wrong code is refused and counted");
        let near: Vec<String> = (current_step() - 2..=current_step() + 2).map(|step| code_of(kept, step)).collect();
        let wrong =
            (0..10_u32).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap_or_default();
        let answer = self.verify(challenge, &wrong).await?;
        self.must(&answer, 422, answer.text("/code") == "wrong_code" && answer.body["verified"] == json!(false))?;
        Self::show(format!("attempts left: {}", answer.body["attempts_left"]));
        Ok(())
    }

    pub(super) async fn right_code(&mut self, challenge: &str, kept: &mut Kept) -> Done {
        self.step("The app's next code lets the user in (the one that proved the app cannot)");
        kept.used_step = current_step().max(kept.used_step + 1);
        kept.used_code = code_of(kept, kept.used_step);
        let answer = self.verify(challenge, &kept.used_code).await?;
        let period = TotpParams::default().period_secs;
        Self::show(format!("every code counts once, and for about {period} s"));
        self.must(&answer, 200, answer.body["verified"] == json!(true))
    }

    pub(super) async fn replayed_code(&mut self, kept: &Kept) -> Done {
        let challenge = self.open_challenge("Somebody who saw that code tries it again: refused").await?;
        let answer = self.verify(&challenge, &kept.used_code).await?;
        self.must(&answer, 422, answer.text("/code") == "already_used" && answer.body["verified"] == json!(false))
    }

    pub(super) async fn recovery_login(&mut self, kept: &Kept) -> Done {
        let challenge = self.open_challenge("The phone is lost: a recovery code lets the user in").await?;
        let code = kept.recovery_codes.first().cloned().unwrap_or_default();
        let answer = self.verify(&challenge, &code).await?;
        self.must(&answer, 200, answer.text("/method") == "recovery_code")?;
        Self::show(format!(
            "recovery codes left: {}",
            answer.body["recovery_codes_left"].as_u64().map_or(Value::Null, Value::from)
        ));
        if answer.body["recovery_codes_left"] == json!(9) {
            Ok(())
        } else {
            Err(self.misbehaved("nine codes should be left"))
        }
    }

    pub(super) async fn recovery_again(&mut self, kept: &Kept) -> Done {
        let challenge = self.open_challenge("The same recovery code again: refused").await?;
        let code = kept.recovery_codes.first().cloned().unwrap_or_default();
        let answer = self.verify(&challenge, &code).await?;
        self.must(&answer, 422, answer.body["verified"] == json!(false))
    }
}

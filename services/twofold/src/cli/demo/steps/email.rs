//! A second method: e-mail, with the code taken from the test inbox.

use serde_json::{Value, json};

use super::Kept;
use crate::cli::demo::story::Story;
use crate::failure::Done;

impl Story {
    pub(super) async fn enrol_email(&mut self, kept: &mut Kept) -> Done {
        self.step("The user adds e-mail: a code goes to the registered address");
        let body = json!({ "method": "email", "reauth": { "confirmed": true } });
        let answer = self.client.post(&self.path("/enrolments"), &body).await?;
        self.must(&answer, 201, !answer.text("/id").is_empty())?;
        let enrolment = answer.text("/id").to_owned();

        self.step("Test messages stay here: the code is in the test inbox");
        let inbox = self.client.get(&format!("/v1/test/messages?user={}&limit=20", self.user)).await?;
        let items = inbox.body["items"].as_array().cloned().unwrap_or_default();
        let mail = items
            .iter()
            .find(|item| item["kind"] == "enrolment" && item["channel"] == "email")
            .cloned()
            .unwrap_or(Value::Null);
        let code = mail["code"].as_str().unwrap_or_default();
        Self::show(format!("GET /v1/test/messages  {} messages", items.len()));
        Self::show(format!("subject {}", mail["subject"].as_str().unwrap_or_default()));
        Self::show(format!("code {code}"));
        if inbox.status != 200 || code.is_empty() {
            return Err(self.misbehaved(&format!("no code in the test inbox: {}", inbox.body)));
        }

        self.step("The code from the mail proves the address; typed with a blank inside, as people do");
        let (front, back) = code.split_at(code.len() / 2);
        let typed = json!({ "code": format!(" {front} {back} ") });
        let answer = self.client.post(&self.path(&format!("/enrolments/{enrolment}/confirm")), &typed).await?;
        self.must(&answer, 200, true)?;
        kept.position = answer.body["position"].as_u64().unwrap_or_default();
        let user = self.client.get(&self.path("")).await?;
        let methods: Vec<&str> =
            user.body["methods"].as_array().into_iter().flatten().filter_map(|m| m["method"].as_str()).collect();
        Self::show(format!("methods now: {}", methods.join(", ")));
        if methods == ["totp", "email"] { Ok(()) } else { Err(self.misbehaved("both methods should be active")) }
    }
}

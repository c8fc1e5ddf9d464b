//! What support sees of all this.

use serde_json::Value;

use super::Kept;
use crate::cli::demo::story::Story;
use crate::failure::Done;
use crate::output;

/// What must be in the trail of this story.
const EXPECTED: [&str; 6] = [
    "user.registered",
    "enrolment.confirmed",
    "two_factor.enabled",
    "verification.failed",
    "verification.succeeded",
    "recovery_codes.generated",
];

impl Story {
    pub(super) async fn trail(&mut self, kept: &Kept) -> Done {
        self.step("The audit trail: support sees every step");
        let query = format!("/audit?order=asc&limit=200&min_position={}", kept.position);
        let answer = self.client.get(&self.path(&query)).await?;
        let items = answer.body["items"].as_array().cloned().unwrap_or_default();
        let mut table = output::table(&["POSITION", "TIME", "EVENT", "WHAT HAPPENED"]);
        for item in &items {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            table.add_row(vec![item["position"].to_string(), text("at"), text("kind"), text("text")]);
        }
        output::show(&table, "    (nothing)");
        let kinds: Vec<&str> = items.iter().filter_map(|item| item["kind"].as_str()).collect();
        match EXPECTED.iter().find(|kind| !kinds.contains(kind)) {
            None if answer.status == 200 => Ok(()),
            None => Err(self.misbehaved(&answer.summary())),
            Some(missing) => Err(self.misbehaved(&format!("the trail lacks {missing}: {}", Value::from(kinds)))),
        }
    }
}

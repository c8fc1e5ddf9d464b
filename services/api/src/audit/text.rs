//! One sentence for each kind of event, in English, for support staff. Nothing personal is in it.

use serde_json::Value;
use twofold_domain::actor::ActorKind;
use twofold_read_model::AuditRow;

/// The sentence of an event.
pub fn sentence(row: &AuditRow) -> String {
    let mut sentence = of_kind(row).unwrap_or_else(|| row.kind.clone().into_owned());
    if let Some(by) = by(row.actor) {
        sentence.push_str(by);
    }
    sentence.push('.');
    sentence
}

const fn by(actor: ActorKind) -> Option<&'static str> {
    match actor {
        ActorKind::User => Some(" (by the user)"),
        ActorKind::AccountAdmin => Some(" (by an account administrator)"),
        ActorKind::Support => Some(" (by support)"),
        ActorKind::System => None,
    }
}

/// Every wire type has a line here; a test goes through the catalogue.
pub fn of_kind(row: &AuditRow) -> Option<String> {
    let say = Say(row);
    Some(match row.kind.as_ref() {
        "user.registered" => "The panel told of the user for the first time".to_owned(),
        "user.profile_changed" => "The user's profile was changed".to_owned(),
        "user.use_2fa_set" => format!("\"Use 2FA\" was set to {}", say.switch("as the policy says")),
        "user.toggle_right_set" => {
            format!("\"Can toggle the use of 2FA\" was set to {}", say.switch("as account and tenant say"))
        }
        "user.erased" => "The user's personal data was erased; it cannot be read any more".to_owned(),
        "enrolment.started" => format!("Set-up of {} began", say.method()),
        "enrolment.code_reissued" => format!("A new set-up code was sent by {}; the older one is dead", say.method()),
        "enrolment.confirmed" => format!("Set-up of {} was completed with the right code", say.method()),
        "two_factor.enabled" => "Two-factor authentication was switched on".to_owned(),
        "two_factor.reset" => {
            format!("All factors were removed; the next login asks for set-up again{}", say.revoked())
        }
        "two_factor.disabled" => say.disabled(),
        "factor.replaced" => format!("{} was replaced by another method", capital(say.method())),
        "factor.locked" => say.locked(),
        "factor.unlocked" => say.unlocked(),
        "challenge.opened" => say.opened(),
        "challenge.code_reissued" => format!("A new code was sent by {}; the older one is dead", say.method()),
        "verification.succeeded" => format!("A code was accepted: {}, {}{}", say.method(), say.purpose(), say.clock()),
        "verification.failed" => say.failed(),
        "recovery_codes.generated" => {
            format!("A new set of {} recovery codes was made; older ones are dead", say.number("count"))
        }
        "authenticator.reset" => format!("The authenticator app was removed{}", say.revoked()),
        "request.receipt_kept" => "The answer to a repeatable request was kept".to_owned(),
        kind => return tenant_or_message(kind, &say),
    })
}

fn tenant_or_message(kind: &str, say: &Say<'_>) -> Option<String> {
    Some(match kind {
        "tenant.created" => "The tenant was created".to_owned(),
        "tenant.settings_changed" => "The tenant's settings were changed".to_owned(),
        "tenant.suspended" => "The tenant was suspended: every API key is refused".to_owned(),
        "tenant.resumed" => "The tenant was resumed: its API keys work again".to_owned(),
        "api_key.created" => format!("An API key was made ({} mode)", say.word("mode")),
        "api_key.revoked" => "An API key was revoked".to_owned(),
        "channel.configured" => format!("The {} channel was configured", say.method()),
        "channel.removed" => format!("The {} channel was taken away", say.method()),
        "account.overrides_set" => "The settings of an account were changed".to_owned(),
        "delivery.requested" => say.requested(),
        "delivery.handing_over" => {
            format!("A provider has the message and takes its time (attempt {})", say.number("attempt"))
        }
        "delivery.retrying" => {
            format!("Sending failed (attempt {}: {}) and will be tried again", say.number("attempt"), say.word("cause"))
        }
        "delivery.accepted" => format!("The provider took the message (attempt {})", say.number("attempt")),
        "delivery.captured" => "The message went to the test inbox".to_owned(),
        "delivery.dead" => {
            format!("The message was given up (attempt {}: {})", say.number("attempt"), say.word("cause"))
        }
        "delivery.expired" => "The message was not sent: its time was over".to_owned(),
        "delivery.superseded" => {
            "The message was not sent: a newer code, a finished login or a changed destination made it pointless"
                .to_owned()
        }
        "delivery.delivered" => "The provider says that the message arrived".to_owned(),
        "delivery.bounced" => format!("The message did not arrive after all: {}", say.word("cause")),
        "delivery.redriven" => "A message that was given up gets another chance".to_owned(),
        kind => return steering(kind, say),
    })
}

/// What is not sent for now, and where nothing is sent any more.
fn steering(kind: &str, say: &Say<'_>) -> Option<String> {
    let provider =
        || say.detail("provider").and_then(Value::as_str).map_or_else(String::new, |name| format!(" by {name}"));
    Some(match kind {
        "channel.paused" => format!("Messages over the {} channel{} wait from now on", say.method(), provider()),
        "channel.resumed" => format!("Messages over the {} channel{} are sent again", say.method(), provider()),
        "channel.tested" => format!("A test message was sent over the {} channel", say.method()),
        "prefix.stopped" => format!("Numbers that begin with {} get no SMS any more", say.word("prefix")),
        "prefix.released" => format!("Numbers that begin with {} get SMS again", say.word("prefix")),
        "destination.suppressed" => {
            let why = match say.0.reason.as_deref() {
                Some("bounced") => "it does not exist or takes no messages",
                Some("opted_out") => "its owner said STOP",
                Some("complaint") => "its owner called a message spam",
                Some(_) | None => "somebody with the right decided so",
            };
            format!("A destination ({}) gets no messages any more: {why}", say.method())
        }
        "destination.released" => "A destination may get messages again".to_owned(),
        _ => return None,
    })
}

/// Words out of a row's details.
struct Say<'a>(&'a AuditRow);

impl Say<'_> {
    fn detail(&self, name: &str) -> Option<&Value> {
        self.0.details.get(name).filter(|value| !value.is_null())
    }

    fn word(&self, name: &str) -> String {
        self.detail(name).and_then(Value::as_str).unwrap_or("unknown").to_owned()
    }

    fn number(&self, name: &str) -> i64 {
        self.detail(name).and_then(Value::as_i64).unwrap_or(0)
    }

    fn is(&self, name: &str) -> bool {
        self.detail(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn method(&self) -> &'static str {
        match self.0.method.as_deref() {
            Some("totp") => "authenticator app",
            Some("email") => "e-mail",
            Some("sms") => "SMS",
            Some("recovery_code") => "recovery code",
            Some(_) | None => "a method to be chosen",
        }
    }

    fn switch(&self, none: &str) -> String {
        match self.detail("value").and_then(Value::as_bool) {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => none.to_owned(),
        }
    }

    fn purpose(&self) -> &'static str {
        match self.detail("purpose").and_then(Value::as_str) {
            Some("login") => "to log in",
            Some("reauth") => "to confirm a change",
            Some("enrolment") => "to complete the set-up",
            Some(_) | None => "for an unknown purpose",
        }
    }

    fn revoked(&self) -> &'static str {
        if self.is("recovery_revoked") { "; the recovery codes are dead" } else { "" }
    }

    fn disabled(&self) -> String {
        let how = if self.is("erased") { "its factors were erased" } else { "its factors sleep" };
        let login = if self.detail("challenge").is_some() { "; this completed the login" } else { "" };
        format!("Two-factor authentication was switched off; {how}{}{login}", self.revoked())
    }

    fn locked(&self) -> String {
        let until = self
            .detail("until")
            .and_then(Value::as_str)
            .map_or("until somebody unlocks it".to_owned(), |at| format!("until {at}"));
        format!("{} was locked {until} after {} wrong codes in a row", capital(self.method()), self.number("failures"))
    }

    fn unlocked(&self) -> String {
        if self.0.method.is_some() {
            format!("The lock of {} was lifted", self.method())
        } else {
            "All locks were lifted".to_owned()
        }
    }

    fn opened(&self) -> String {
        if self.detail("setup").is_some() {
            return "A login began that asks for set-up".to_owned();
        }
        let begun =
            if self.detail("purpose").and_then(Value::as_str) == Some("reauth") { "A confirmation" } else { "A login" };
        let sent = if self.detail("message").is_some() { "; the code was handed to delivery" } else { "" };
        format!("{begun} began that asks for a code: {}{sent}", self.method())
    }

    fn failed(&self) -> String {
        let why = match self.0.reason.as_deref() {
            Some("wrong_code") => "the code was wrong",
            Some("already_used") => "the code was used before",
            Some("expired") => "the code was too old",
            Some("superseded") => "a newer code, a reset or a changed destination had replaced it",
            Some(_) | None => "the reason is unknown",
        };
        let counted = if self.is("counted") { "" } else { "; it does not count as an attempt" };
        format!("A code was not accepted: {}, {}; {why}{}{counted}", self.method(), self.purpose(), self.clock())
    }

    /// The phone's clock against the server's (S2-12).
    fn clock(&self) -> String {
        match self.number("drift_steps") {
            0 => String::new(),
            1 => "; the device's clock is one step ahead".to_owned(),
            -1 => "; the device's clock is one step behind".to_owned(),
            steps if steps > 0 => format!("; the device's clock is {steps} steps ahead, it should be synchronised"),
            steps => format!("; the device's clock is {} steps behind, it should be synchronised", -steps),
        }
    }

    fn requested(&self) -> String {
        if self.detail("purpose").is_some() {
            return format!("A message with a code {} was handed to delivery ({})", self.purpose(), self.method());
        }
        format!(
            "A notice to the owner was handed to delivery ({}: {})",
            self.method(),
            self.word("kind").replace('_', " ")
        )
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use twofold_domain::{TenantId, Timestamp};
    use twofold_event_log::{Seq, wire};

    use super::*;

    #[test]
    fn every_kind_of_event_has_a_sentence() {
        for event in wire::catalogue() {
            let row = AuditRow {
                seq: Seq(1),
                idx: 0,
                tenant: TenantId::from_bytes([1; 16]),
                mode: None,
                user: None,
                at: Timestamp(0),
                kind: Cow::Borrowed(event.name),
                actor: ActorKind::Support,
                actor_token: None,
                request_id: None,
                method: None,
                reason: None,
                details: serde_json::json!({}),
                private: None,
                user_prev: None,
            };
            let text = of_kind(&row).unwrap_or_else(|| panic!("{} has no sentence", event.name));
            assert!(!text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase() || c == '"'), "{text}");
            assert!(sentence(&row).ends_with(" (by support)."));
        }
    }
}

//! How a user stands, without anything secret or personal.

use serde_json::{Value, json};
use twofold_domain::Timestamp;
use twofold_domain::settings::Settings;
use twofold_domain::user::{Budget, Lock, User};
use twofold_engine::Loaded;

/// For programs.
pub fn json(loaded: &Loaded, settings: &Settings) -> Value {
    let user = &loaded.user;
    let profile = user.profile.as_ref();
    json!({
        "position": loaded.head.map(|seq| seq.0),
        "as_of": user.last_at.to_rfc3339(),
        "status": status(user, settings),
        "erased": user.erased,
        "role": profile.map(|profile| profile.role.name()),
        "in_account": profile.is_some_and(|profile| profile.account.is_some()),
        "email_registered": profile.is_some_and(|profile| profile.email.is_some()),
        "phone_registered": profile.is_some_and(|profile| profile.phone.is_some()),
        "use_2fa": user.use_2fa,
        "may_toggle": user.may_toggle,
        "factors": user.factors.iter().map(|f| json!({ "method": f.method().name(), "since": f.enrolled_at.to_rfc3339() })).collect::<Vec<_>>(),
        "enrolment": user.enrolment.as_ref().map(|e| json!({ "method": e.method.name(), "expires_at": e.expires_at.to_rfc3339() })),
        "open_challenges": user.challenges.iter().filter(|c| c.closed.is_none()).count(),
        "recovery_codes_left": user.recovery.as_ref().map(|_| user.recovery_codes_left()),
        "wrong_codes": user.budgets.iter().filter(|(_, b)| b.failures > 0).map(|(kind, budget)| json!({
            "factor": kind.name(), "in_a_row": budget.failures, "locked_until": lock_end(budget), "hard_stop": budget.lock == Lock::Hard,
        })).collect::<Vec<_>>(),
        "last_verified_at": user.last_verified_at.map(Timestamp::to_rfc3339),
    })
}

/// For people.
pub fn lines(loaded: &Loaded, settings: &Settings) -> Vec<String> {
    let user = &loaded.user;
    let mut lines = vec![format!("after position {}, {}:", loaded.head.unwrap_or_default(), user.last_at.to_rfc3339())];
    let mut say = |name: &str, value: String| lines.push(format!("  {name:16} {value}"));
    say("second factor", status(user, settings).replace('_', " "));
    let factors: Vec<String> =
        user.factors.iter().map(|f| format!("{} since {}", f.method().name(), f.enrolled_at.to_rfc3339())).collect();
    say("factors", if factors.is_empty() { "none".to_owned() } else { factors.join(", ") });
    if let Some(enrolment) = &user.enrolment {
        say("set-up", format!("{} unfinished, until {}", enrolment.method.name(), enrolment.expires_at.to_rfc3339()));
    }
    say(
        "recovery codes",
        user.recovery
            .as_ref()
            .map_or_else(|| "none".to_owned(), |set| format!("{} of {} left", user.recovery_codes_left(), set.len())),
    );
    for (kind, budget) in user.budgets.iter().filter(|(_, budget)| budget.failures > 0) {
        let lock = match budget.lock {
            Lock::Open => String::new(),
            Lock::Until(until) => format!(", locked until {}", until.to_rfc3339()),
            Lock::Hard => ", locked until somebody unlocks it".to_owned(),
        };
        say("wrong codes", format!("{} in a row with {}{lock}", budget.failures, kind.name()));
    }
    say("last verified", user.last_verified_at.map_or_else(|| "never".to_owned(), Timestamp::to_rfc3339));
    lines
}

fn status(user: &User, settings: &Settings) -> &'static str {
    if user.erased {
        "erased"
    } else if !user.active_factors(settings).is_empty() {
        "enabled"
    } else if user.wants_2fa(settings) {
        "setup_pending"
    } else {
        "disabled"
    }
}

fn lock_end(budget: Budget) -> Option<String> {
    match budget.lock {
        Lock::Until(until) => Some(until.to_rfc3339()),
        Lock::Open | Lock::Hard => None,
    }
}

//! Preset `account-profile` (S2): provider, account, user; administrators set "Use 2FA" on profiles.

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::clock::steady_step;
use crate::support::panel::{Panel, User, methods, position};
use crate::support::world::World;

const PRESET: &str = "account-profile";

fn worker(panel: &Panel, id: &str) -> User {
    panel.register(id, &json!({ "account": "acme", "role": "user" }))
}

fn admin(panel: &Panel, id: &str) -> User {
    panel.register(id, &json!({ "account": "acme", "role": "admin" }))
}

fn by_admin(id: &str, change: Value) -> Value {
    let mut body = change;
    body["actor"] = json!({ "type": "account_admin", "id": id });
    body
}

fn by_user(change: Value) -> Value {
    let mut body = change;
    body["actor"] = json!({ "type": "user" });
    body
}

fn paths(challenge: &Value) -> Vec<&str> {
    challenge["recovery"].as_array().expect("ways").iter().map(|way| way["path"].as_str().expect("a path")).collect()
}

#[test]
fn s2_02_administrators_set_use_2fa_on_profiles_of_their_own_account() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.use_2fa"), "Use 2FA");
    let (boss, joe) = (admin(&panel, "boss"), worker(&panel, "joe"));
    panel.register("stranger", &json!({ "account": "other", "role": "admin" }));
    panel.register("loner", &json!({ "role": "admin" }));
    for profile in [&joe, &boss] {
        profile.put(&by_admin("boss", json!({ "use_2fa": true }))).expect(200);
        assert_eq!(profile.get()["use_2fa"], true);
        profile.put(&by_admin("boss", json!({ "use_2fa": false }))).expect(200);
        assert_eq!((profile.get()["use_2fa"].as_bool(), profile.status().as_str()), (Some(false), "disabled"));
    }
    for not_his in ["stranger", "loner", "joe", "nobody"] {
        joe.put(&by_admin(not_his, json!({ "use_2fa": true }))).problem(403, "not_account_admin");
    }
    assert_eq!(joe.get()["use_2fa"], false);
    joe.put(&json!({ "use_2fa": true, "actor": { "type": "account_admin" } })).problem(422, "invalid_field");
    joe.put(&by_admin("boss", json!({ "account": "other" }))).problem(403, "not_permitted");
}

#[test]
fn s2_03_after_yes_set_up_is_asked_for_at_the_next_login_and_not_at_once() {
    let world = World::of(PRESET);
    let panel = world.panel();
    let (_, joe) = (admin(&panel, "boss"), worker(&panel, "joe"));
    assert_eq!(joe.login()["status"], "not_required");
    let told = joe.put(&by_admin("boss", json!({ "use_2fa": true }))).expect(200);
    assert_eq!((told["status"].as_str(), methods(&told).len()), (Some("setup_pending"), 0));
    joe.start("totp").problem(409, "enrol_at_login");
    let login = joe.login();
    assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("setup_required"), Some(false)));
}

#[test]
fn s2_04_without_the_toggle_right_a_user_can_neither_enable_nor_disable() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.may_toggle"), "Can toggle the use of 2FA");
    let (_, joe) = (admin(&panel, "boss"), worker(&panel, "joe"));
    joe.put(&by_admin("boss", json!({ "may_toggle": false }))).expect(200);
    joe.put(&by_user(json!({ "use_2fa": true }))).problem(403, "not_permitted");
    joe.put(&by_user(json!({ "may_toggle": true }))).problem(403, "not_permitted");
    assert_eq!(joe.status(), "disabled");
    joe.put(&by_admin("boss", json!({ "use_2fa": true }))).expect(200);
    joe.enrol_app_at_login(0);
    joe.post("/disable", &json!({ "reauth": { "confirmed": true, "session_verified": true } }))
        .problem(403, "not_permitted");
    joe.put(&by_user(json!({ "use_2fa": false }))).problem(403, "not_permitted");
    assert_eq!(joe.status(), "enabled");
}

#[test]
fn s2_05_all_four_combinations_exist() {
    let world = World::of(PRESET);
    let panel = world.panel();
    admin(&panel, "boss");
    for (on, may) in [(true, true), (true, false), (false, true), (false, false)] {
        let user = worker(&panel, &format!("user-{on}-{may}"));
        user.put(&by_admin("boss", json!({ "use_2fa": on, "may_toggle": may }))).expect(200);
        let shown = user.get();
        assert_eq!((shown["use_2fa"].as_bool(), shown["may_toggle"].as_bool()), (Some(on), Some(may)));
        assert_eq!(shown["status"], if on { "setup_pending" } else { "disabled" });
        let rights = &shown["rights"];
        assert_eq!((rights["may_toggle"].as_bool(), rights["disable"].as_bool()), (Some(may), Some(on && may)));
        assert_eq!(user.login()["status"], if on { "setup_required" } else { "not_required" });
        // Switching on is a wish for the next login; switching off is a command of its own.
        let switched = if on {
            user.post("/disable", &json!({ "reauth": { "confirmed": true } }))
        } else {
            user.put(&by_user(json!({ "use_2fa": true })))
        };
        assert_eq!(switched.status, if may { 200 } else { 403 }, "{}", switched.text());
        assert_eq!(user.get()["use_2fa"], on != may);
    }
}

#[test]
fn s2_06_everybody_sees_whether_2fa_is_on_and_only_one_with_the_right_changes_it() {
    let world = World::of(PRESET);
    let panel = world.panel();
    let (_, free, bound) = (admin(&panel, "boss"), worker(&panel, "free"), worker(&panel, "bound"));
    bound.put(&by_admin("boss", json!({ "may_toggle": false }))).expect(200);
    for (user, may) in [(&free, true), (&bound, false)] {
        let before = user.get();
        assert_eq!((before["status"].as_str(), before["status_text"].as_str()), (Some("disabled"), Some("Disabled")));
        assert_eq!(
            (before["rights"]["enable"].as_bool(), before["rights"]["disable"].as_bool()),
            (Some(may), Some(false))
        );
        user.put(&by_admin("boss", json!({ "use_2fa": true }))).expect(200);
        assert_eq!(user.get()["status_text"], "Set-up at the next login");
        user.enrol_app_at_login(0);
        let after = user.get();
        assert_eq!((after["status"].as_str(), after["status_text"].as_str()), (Some("enabled"), Some("Enabled")));
        assert_eq!(after["rights"]["disable"], may);
        let done = user.post("/disable", &json!({ "reauth": { "confirmed": true } }));
        assert_eq!(done.status, if may { 200 } else { 403 }, "{}", done.text());
    }
}

#[test]
fn s2_07_the_first_login_shows_qr_code_hint_and_code_field() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe@acme.example", &json!({ "use_2fa": true }));
    let login = joe.login();
    assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("setup_required"), Some(false)));
    assert_eq!((login["method"].as_str(), login["digits"].as_u64()), (Some("totp"), Some(6)));
    let enrolment = &login["enrolment"];
    let hint = enrolment["message"].as_str().expect("a hint");
    assert!(hint.starts_with("Install an authenticator app"), "{hint}");
    let (app, uri) = App::scanned(enrolment);
    assert_eq!(app.secret, enrolment["totp"]["secret"]);
    assert!(uri.starts_with("otpauth://totp/Account:joe"), "{uri}");
}

#[test]
fn s2_08_a_code_is_valid_for_30_seconds() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe", &json!({ "use_2fa": true }));
    let login = joe.login();
    let app = App::typed_in(&login["enrolment"]);
    assert_eq!((app.period, login["enrolment"]["totp"]["period_secs"].as_u64()), (30, Some(30)));
    let step = steady_step(30);
    joe.answer(&login, &app.code_at(step - 1)).problem(422, "wrong_code");
    joe.answer(&login, &app.code_at(step + 1)).problem(422, "wrong_code");
    joe.answer(&login, &app.code_at(step)).expect(200);
}

#[test]
fn s2_09_the_right_code_enrols_and_completes_the_login_in_one_step() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.continue"), "Continue");
    let joe = panel.register("joe", &json!({ "use_2fa": true }));
    let login = joe.login();
    let mut app = App::typed_in(&login["enrolment"]).with_skew(0);
    let code = app.fresh();
    let done = joe.answer(&login, &code).expect(200);
    assert_eq!(
        (done["verified"].as_bool(), done["enrolled"].as_bool(), done["method"].as_str()),
        (Some(true), Some(true), Some("totp"))
    );
    assert!(done.get("recovery_codes").is_none(), "this preset knows none: {done}");
    assert_eq!(joe.status(), "enabled");
    // The code of the set-up is spent, in this login and in any other.
    joe.answer(&login, &code).problem(422, "already_used");
    joe.answer(&joe.login(), &code).problem(422, "already_used");
}

#[test]
fn s2_10_later_logins_show_only_a_code_field() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe", &json!({ "use_2fa": true }));
    let mut app = joe.enrol_app_at_login(0);
    let code = app.fresh();
    let login = joe.login();
    assert_eq!((login["status"].as_str(), login["digits"].as_u64()), (Some("code_required"), Some(6)));
    assert!(login.get("enrolment").is_none() && !login.to_string().contains("svg"), "{login}");
    assert_eq!(
        (login["disable_offered"].as_bool(), login["recovery_code_allowed"].as_bool()),
        (Some(false), Some(false))
    );
    let id = login["id"].as_str().expect("an id");
    joe.post(&format!("/challenges/{id}/disable"), &json!({})).problem(403, "not_permitted");
    let done = joe.answer(&login, &code).expect(200);
    assert_eq!((done["verified"].as_bool(), done["enrolled"].as_bool()), (Some(true), Some(false)));
}

#[test]
fn s2_11_a_wrong_or_old_code_does_not_log_in_and_says_otp_invalid() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe", &json!({ "use_2fa": true }));
    let app = joe.enrol_app_at_login(0);
    let login = joe.login();
    for code in [app.one_wrong(), app.code_at(app.used - 20), app.code_at(app.used)] {
        let told = joe.answer(&login, &code).expect(422);
        assert_eq!((told["message"].as_str(), told["detail"].as_str()), (Some("Otp invalid!"), Some("Otp invalid!")));
        assert_eq!(told["verified"], false);
        assert!(matches!(told["reason"].as_str(), Some("wrong_code" | "already_used")), "{told}");
    }
    assert_eq!(joe.login()["login_allowed"], false);
}

#[test]
fn s2_12_the_answer_lets_a_panel_say_that_the_phone_must_be_on_time() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe", &json!({ "use_2fa": true }));
    let login = joe.login();
    let app = App::typed_in(&login["enrolment"]);
    let step = steady_step(30);
    let late = joe.answer(&login, &app.code_at(step - 4)).problem(422, "wrong_code");
    let wrong = joe.answer(&login, &app.one_wrong()).problem(422, "wrong_code");
    assert_eq!(late["hints"][0]["code"], "check_device_time");
    assert!(
        late["hints"][0]["text"].as_str().is_some_and(|text| text.contains("sets its time automatically")),
        "{late}"
    );
    assert_eq!(late["hints"], wrong["hints"], "an attacker learns no difference");
    // Support sees how far the clock is off.
    let events = joe.audit(position(&wrong));
    let failed: Vec<&Value> = events.iter().filter(|event| event["kind"] == "verification.failed").collect();
    assert_eq!(failed[0]["details"]["drift_steps"], -4, "{failed:?}");
    assert!(failed[0]["text"].as_str().is_some_and(|text| text.contains("4 steps behind")), "{failed:?}");
    assert!(failed[1]["details"]["drift_steps"].is_null(), "{failed:?}");
}

#[test]
fn s2_13_who_may_toggle_disables_at_an_unconfigured_login_and_is_in() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.disable"), "Disable 2FA");
    let (boss, free, bound) = (admin(&panel, "boss"), worker(&panel, "free"), worker(&panel, "bound"));
    boss.put(&json!({ "use_2fa": true, "may_toggle": false })).expect(200);
    free.put(&json!({ "use_2fa": true, "may_toggle": true })).expect(200);
    bound.put(&json!({ "use_2fa": true, "may_toggle": false })).expect(200);
    for user in [&boss, &free] {
        let login = user.login();
        assert_eq!(login["disable_offered"], true, "{}", user.id);
        let id = login["id"].as_str().expect("an id");
        let done = user.post(&format!("/challenges/{id}/disable"), &json!({})).expect(200);
        assert_eq!((done["login_allowed"].as_bool(), done["status"].as_str()), (Some(true), Some("disabled")));
        let next = user.login();
        assert_eq!((next["status"].as_str(), next["login_allowed"].as_bool()), (Some("not_required"), Some(true)));
    }
    let login = bound.login();
    assert_eq!(login["disable_offered"], false);
    let id = login["id"].as_str().expect("an id");
    bound.post(&format!("/challenges/{id}/disable"), &json!({})).problem(403, "not_permitted");
    assert_eq!(bound.login()["login_allowed"], false);
}

#[test]
fn s2_14_who_cannot_log_in_asks_an_administrator_of_the_account_or_support() {
    let world = World::of(PRESET);
    let panel = world.panel();
    let (boss, joe) = (admin(&panel, "boss"), worker(&panel, "joe"));
    panel.register("stranger", &json!({ "account": "other", "role": "admin" }));
    for user in [&boss, &joe] {
        user.put(&json!({ "use_2fa": true })).expect(200);
        user.enrol_app_at_login(0);
    }
    let seen = |user: &User| {
        joe.audit(position(&user.get()));
        user.login()
    };
    assert_eq!(paths(&seen(&joe)), ["account_admin", "support"]);
    assert_eq!(paths(&seen(&boss)), ["support"], "there is no other administrator");
    let deputy = admin(&panel, "deputy");
    joe.audit(position(&deputy.get()));
    assert_eq!(paths(&seen(&boss)), ["account_admin", "support"]);
    // Another administrator helps, one of another account does not, and support says why.
    boss.post("/reset", &by_admin("stranger", json!({}))).problem(403, "not_account_admin");
    boss.post("/reset", &by_admin("joe", json!({}))).problem(403, "not_account_admin");
    boss.post("/reset", &by_admin("deputy", json!({}))).expect(200);
    assert_eq!(boss.login()["status"], "setup_required");
    joe.post("/reset", &json!({ "actor": { "type": "support" } })).problem(422, "invalid_field");
    let helped = joe
        .post("/reset", &json!({ "actor": { "type": "support", "id": "agent-7" }, "reason": "showed his passport" }));
    let position = position(&helped.expect(200));
    assert_eq!(joe.login()["status"], "setup_required");
    let events = joe.audit(position);
    let reset = events.iter().find(|event| event["kind"] == "two_factor.reset").expect("an event");
    assert_eq!((reset["actor"]["type"].as_str(), reset["actor"]["id"].as_str()), (Some("support"), Some("agent-7")));
    assert_eq!(reset["reason"], "showed his passport");
}

#[test]
fn s2_15_reset_by_an_administrator_asks_for_set_up_again_and_use_2fa_stays_yes() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.reset"), "Reset 2FA");
    let (_, joe) = (admin(&panel, "boss"), worker(&panel, "joe"));
    joe.put(&by_admin("boss", json!({ "use_2fa": true }))).expect(200);
    let old = joe.enrol_app_at_login(0);
    let done = joe.post("/reset", &by_admin("boss", json!({}))).expect(200);
    assert_eq!(done["status"], "setup_pending");
    assert_eq!(joe.get()["use_2fa"], true);
    let new = joe.enrol_app_at_login(0);
    assert_ne!(new.secret, old.secret);
    assert_eq!(joe.status(), "enabled");
}

#[test]
fn s2_16_a_logged_in_user_resets_his_own_factor_without_the_toggle_right() {
    let world = World::of(PRESET);
    let joe = world.panel().register("joe", &json!({ "use_2fa": true, "may_toggle": false }));
    joe.enrol_app_at_login(0);
    joe.post("/reset", &json!({ "reauth": { "confirmed": true } })).problem(403, "verified_session_required");
    joe.post("/reset", &json!({ "reauth": { "session_verified": true } })).problem(403, "reauthentication_required");
    joe.post("/reset", &json!({ "reauth": { "confirmed": true, "session_verified": true } })).expect(200);
    let shown = joe.get();
    assert_eq!((shown["status"].as_str(), shown["use_2fa"].as_bool()), (Some("setup_pending"), Some(true)));
    joe.enrol_app_at_login(0);
}

#[test]
fn s2_17_there_are_three_levels_and_the_nearest_wins() {
    let world = World::of(PRESET);
    let panel = world.panel();
    let (boss, joe, loner) = (admin(&panel, "boss"), worker(&panel, "joe"), panel.register("loner", &json!({})));
    let may = |user: &User| user.get()["rights"]["may_toggle"].as_bool().expect("a right");
    panel.settings(&json!({ "user_may_toggle": false }));
    assert_eq!((may(&joe), may(&loner), may(&boss)), (false, false, true), "administrators always may");
    let account =
        panel.call("PUT", "/v1/accounts/acme", &json!({ "overrides": { "user_may_toggle": true } })).expect(200);
    assert_eq!(account["effective"]["user_may_toggle"], true);
    assert_eq!((may(&joe), may(&loner)), (true, false), "the account over the provider");
    joe.put(&by_admin("boss", json!({ "may_toggle": false }))).expect(200);
    assert!(!may(&joe), "the user over the account");
    joe.put(&by_admin("boss", json!({ "may_toggle": null }))).expect(200);
    assert!(may(&joe), "the account again");
    // Another account of the same provider is not concerned.
    assert!(!may(&panel.register("eve", &json!({ "account": "other" }))));
    joe.put(&json!({ "role": "owner" })).problem(422, "invalid_body");
}

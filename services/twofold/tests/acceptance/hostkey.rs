//! Preset `hostkey` (S4): app, mail or SMS to what the user enters; exactly one at a time; only support restores access.

use serde_json::{Value, json};

use crate::support::app::{App, parameter};
use crate::support::panel::{User, confirmed, methods};
use crate::support::post::Post;
use crate::support::world::World;

const PRESET: &str = "hostkey";
const MAIL: &str = "dora@example.org";
const PHONE: &str = "+447400123456";
/// S4-09.
const SUBJECT: &str = "HOSTKEY: email verification code";
const LOGIN: &str = "Your HOSTKEY login code";

fn with(method: &str, destination: &str) -> Value {
    json!({ "method": method, "destination": destination, "reauth": { "confirmed": true } })
}

fn enrol_mail(user: &User, post: &Post, nth: usize) -> Value {
    let enrolment = user.post("/enrolments", &with("email", MAIL)).expect(201);
    user.confirm(&enrolment, &post.mailed_code(MAIL, SUBJECT, nth)).expect(200)
}

fn enrol_sms(user: &User, post: &Post, nth: usize) -> Value {
    let enrolment = user.post("/enrolments", &with("sms", PHONE)).expect(201);
    user.confirm(&enrolment, &post.texted_code(PHONE, nth)).expect(200)
}

/// Nobody but the provider's support, and support only with a reason.
fn only_support_helps(world: &World, user: &User) {
    let panel = world.panel();
    let login = user.login();
    assert_eq!(login["recovery_code_allowed"], false);
    let ways = login["recovery"].as_array().expect("ways");
    assert_eq!((ways.len(), ways[0]["path"].as_str()), (1, Some("support")), "{login}");
    user.put(&json!({ "account": "acme" })).expect(200);
    panel.register("boss", &json!({ "account": "acme", "role": "admin" }));
    user.verify_recovery("abcd2345").problem(409, "no_recovery_codes");
    user.post("/recovery-codes", &confirmed()).problem(409, "no_recovery_codes");
    user.post("/reset", &json!({ "reauth": { "confirmed": true, "session_verified": true } }))
        .problem(403, "not_permitted");
    let admin = json!({ "actor": { "type": "account_admin", "id": "boss" } });
    user.post("/reset", &admin).problem(403, "recovery_path_closed");
    user.post("/disable", &admin).problem(403, "recovery_path_closed");
    user.post("/reset", &json!({ "actor": { "type": "support", "id": "agent-7" } })).problem(422, "invalid_field");
    assert_eq!(user.status(), "enabled");
    let helped = json!({ "actor": { "type": "support", "id": "agent-7" }, "reason": "identity checked" });
    user.post("/reset", &helped).expect(200);
    assert_eq!(user.login()["status"], "setup_required");
    assert!(methods(&user.get()).is_empty());
}

#[test]
fn s4_01_the_first_login_may_invite_and_can_be_skipped() {
    let world = World::of(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    for _ in 0..2 {
        let login = dora.login();
        assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("setup_offered"), Some(true)));
        assert_eq!(login["methods"], json!(["totp", "email", "sms"]));
        assert!(login.get("id").is_none() && login.get("enrolment").is_none(), "{login}");
        assert_eq!(dora.status(), "disabled", "skipped");
    }
    let accepted = dora.post("/challenges", &json!({ "method": "totp" })).expect(201);
    let mut app = App::typed_in(&accepted["enrolment"]);
    assert_eq!(accepted["login_allowed"], true, "still skippable");
    assert_eq!(dora.login()["status"], "setup_offered");
    let done = dora.answer(&accepted, &app.fresh()).expect(200);
    assert_eq!(done["enrolled"], true);
    assert_eq!(dora.login()["status"], "code_required");
    // The invitation is not made to somebody who switched it off.
    dora.post("/disable", &confirmed()).expect(200);
    assert_eq!(dora.login()["status"], "not_required");
}

#[test]
fn s4_02_s4_03_the_methods_are_totp_mail_and_sms_and_exactly_one_at_a_time() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    for method in ["totp", "email", "sms"] {
        match method {
            "totp" => {
                dora.enrol_app();
            }
            "email" => {
                enrol_mail(&dora, &post, 1);
            }
            _ => {
                enrol_sms(&dora, &post, 1);
            }
        }
        assert_eq!(methods(&dora.get()), [method]);
        dora.start("totp").problem(409, "disable_first");
        dora.post("/enrolments", &with("email", MAIL)).problem(409, "disable_first");
        dora.post("/enrolments", &with("sms", PHONE)).problem(409, "disable_first");
        dora.post("/disable", &confirmed()).expect(200);
    }
}

#[test]
fn s4_04_the_app_shows_an_entry_of_the_provider_and_a_changing_code_of_6_digits() {
    let world = World::of(PRESET);
    let dora = world.panel().register("dora@example.org", &json!({}));
    let enrolment = dora.start("totp").expect(201);
    let (app, uri) = App::scanned(&enrolment);
    assert!(uri.starts_with("otpauth://totp/HOSTKEY:dora"), "the label begins with the provider: {uri}");
    assert_eq!(parameter(&uri, "issuer").as_deref(), Some("HOSTKEY"));
    assert_eq!(parameter(&uri, "digits").unwrap_or("6".to_owned()), "6");
    assert_eq!((app.digits, enrolment["totp"]["issuer"].as_str()), (6, Some("HOSTKEY")));
    let codes: std::collections::BTreeSet<String> = (1..=10).map(|step| app.code_at(58_000_000 + step)).collect();
    assert!(codes.len() > 5 && codes.iter().all(|code| code.len() == 6), "{codes:?}");
}

#[test]
fn s4_06_the_code_sets_the_method_to_totp() {
    let world = World::of(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    let enrolment = dora.start("totp").expect(201);
    let mut app = App::typed_in(&enrolment);
    let done = dora.confirm(&enrolment, &app.fresh()).expect(200);
    assert_eq!(done["message"], "Code successfully verified. 2FA method will be set to TOTP");
    assert_eq!(methods(&dora.get()), ["totp"]);
}

#[test]
fn s4_07_authenticator_lost_means_support_only() {
    let world = World::of(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    let (_, codes) = dora.enrol_app();
    assert!(codes.is_empty(), "this preset has no recovery codes");
    only_support_helps(&world, &dora);
}

#[test]
fn s4_08_the_user_enters_an_address() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({ "email": "registered@example.org" }));
    dora.start("email").problem(422, "invalid_field");
    dora.post("/enrolments", &with("email", "no address")).problem(422, "invalid_field");
    let enrolment = dora.post("/enrolments", &with("email", MAIL)).expect(201);
    assert_eq!(enrolment["message"], "The code was sent to the email address provided");
    post.mail(MAIL, SUBJECT, 1);
    assert!(post.mails("registered@example.org").is_empty(), "not to the registered one");
}

#[test]
fn s4_09_the_address_must_be_proved_with_the_code_of_the_mail() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    let enrolment = dora.post("/enrolments", &with("email", MAIL)).expect(201);
    let letter = post.mail(MAIL, SUBJECT, 1);
    assert_eq!(letter.subject, "HOSTKEY: email verification code");
    assert_eq!((letter.to.as_str(), letter.from.as_str()), (MAIL, "Panel <2fa@panel.example>"));
    let code = post.mailed_code(MAIL, SUBJECT, 1);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    dora.confirm(&enrolment, wrong).problem(422, "wrong_code");
    assert_eq!(dora.status(), "disabled", "not proved yet");
    dora.confirm(&enrolment, &code).expect(200);
    assert_eq!(dora.status(), "enabled");
}

#[test]
fn s4_10_the_code_sets_the_method_to_mail() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    let done = enrol_mail(&dora, &post, 1);
    assert_eq!(done["message"], "Code successfully verified. 2FA method will be set to mail.");
    assert_eq!(methods(&dora.get()), ["email"]);
}

#[test]
fn s4_11_the_user_enters_a_number_and_the_code_sets_the_method_to_sms() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({ "phone": "+447400123999" }));
    dora.start("sms").problem(422, "invalid_field");
    for bad in ["0800", "not a number", "+4477009", "+44 20 7946 0958 ext 3"] {
        dora.post("/enrolments", &with("sms", bad)).problem(422, "invalid_field");
    }
    let done = enrol_sms(&dora, &post, 1);
    assert_eq!(done["message"], "Code successfully verified, 2FA method set to SMS");
    assert_eq!(methods(&dora.get()), ["sms"]);
    assert!(post.twilio.requests().iter().all(|request| !String::from_utf8_lossy(&request.body).contains("123999")));
}

#[test]
fn s4_12_mailbox_lost_means_support_only() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    enrol_mail(&dora, &post, 1);
    only_support_helps(&world, &dora);
}

#[test]
fn s4_12_number_lost_means_support_only() {
    let (world, post) = World::with_post(PRESET);
    let dora = world.panel().register("dora", &json!({}));
    enrol_sms(&dora, &post, 1);
    only_support_helps(&world, &dora);
}

#[test]
fn s4_13_disable_deletes_the_settings_and_says_so() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.disable"), "Disable 2FA");
    let dora = panel.register("dora", &json!({}));
    dora.enrol_app();
    let done = dora.post("/disable", &confirmed()).expect(200);
    assert_eq!(done["message"], "Your 2FA settings have been successfully deleted");
    let shown = dora.get();
    assert_eq!((shown["status"].as_str(), methods(&shown).len()), (Some("disabled"), 0));
    assert_eq!(dora.login()["login_allowed"], true);
}

#[test]
fn s4_14_after_the_password_comes_a_code_of_the_chosen_method() {
    let (world, post) = World::with_post(PRESET);
    let panel = world.panel();
    let user = |id: &str| panel.register(id, &json!({}));
    let (by_app, by_mail, by_sms) = (user("by-app"), user("by-mail"), user("by-sms"));
    let (mut app, _) = by_app.enrol_app();
    enrol_mail(&by_mail, &post, 1);
    enrol_sms(&by_sms, &post, 1);
    let asked = |user: &User, method: &str| {
        let login = user.login();
        assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("code_required"), Some(false)));
        assert_eq!((login["method"].as_str(), login["methods"].clone()), (Some(method), json!([method])));
        login
    };
    let login = asked(&by_app, "totp");
    assert_eq!(login["message"], "Enter the code from your authenticator app.");
    by_app.answer(&login, &app.fresh()).expect(200);
    let login = asked(&by_mail, "email");
    by_mail.answer(&login, &post.mailed_code(MAIL, LOGIN, 1)).expect(200);
    let login = asked(&by_sms, "sms");
    by_sms.answer(&login, &post.texted_code(PHONE, 2)).expect(200);
    // The method is the user's choice, not the request's.
    by_app.post("/challenges", &json!({ "method": "email" })).problem(409, "setup_required");
}

//! Preset `ipserverone` (S3): app, e-mail or SMS to registered destinations, behind the login password.

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::clock::rfc3339;
use crate::support::http::Answer;
use crate::support::panel::{Panel, User, methods};
use crate::support::world::World;

const PRESET: &str = "ipserverone";
const MAIL: &str = "primary@example.org";
const PHONE: &str = "+447400123456";
const SET_UP: &str = "Your IPSERVERONE verification code";
const LOGIN: &str = "Your IPSERVERONE login code";

fn customer(panel: &Panel, id: &str) -> User {
    panel.register(id, &json!({ "email": MAIL, "phone": PHONE }))
}

/// The panel has just checked the login password.
fn password() -> Value {
    json!({ "password_verified_at": rfc3339(-2) })
}

fn start(user: &User, method: &str) -> Answer {
    user.post("/enrolments", &json!({ "method": method, "reauth": password() }))
}

fn disable(user: &User) -> Answer {
    user.post("/disable", &json!({ "reauth": password() }))
}

#[test]
fn s3_02_there_are_three_methods() {
    let (world, post) = World::with_post(PRESET);
    let panel = world.panel();
    let allowed = panel.get("/v1/settings").expect(200)["effective"]["methods"]["allowed"].clone();
    assert_eq!(allowed, json!(["totp", "email", "sms"]));
    for (method, id) in [("totp", "one"), ("email", "two"), ("sms", "three")] {
        let user = panel.register(id, &json!({ "email": format!("{id}@example.org"), "phone": PHONE }));
        let enrolment = start(&user, method).expect(201);
        let code = match method {
            "totp" => App::typed_in(&enrolment).fresh(),
            "email" => post.mailed_code("two@example.org", SET_UP, 1),
            _ => post.texted_code(PHONE, 1),
        };
        user.confirm(&enrolment, &code).expect(200);
        assert_eq!(methods(&user.get()), [method]);
    }
}

#[test]
fn s3_03_the_login_password_is_asked_again_before_set_up() {
    let world = World::of(PRESET);
    let user = customer(&world.panel(), "carol");
    let begin = |reauth: Value| user.post("/enrolments", &json!({ "method": "totp", "reauth": reauth }));
    begin(json!({})).problem(403, "reauthentication_required");
    begin(json!({ "confirmed": true })).problem(403, "reauthentication_required");
    begin(json!({ "password_verified_at": rfc3339(-301) })).problem(403, "password_check_stale");
    begin(json!({ "password_verified_at": rfc3339(120) })).problem(403, "password_check_stale");
    begin(json!({ "password_verified_at": "a moment ago" })).problem(422, "invalid_field");
    begin(json!({ "password": "secret" })).problem(422, "invalid_body");
    assert_eq!(user.status(), "disabled");
    begin(password()).expect(201);
}

#[test]
fn s3_04_scan_enter_the_code_verify() {
    let world = World::of(PRESET);
    let panel = world.panel();
    assert_eq!(panel.text("action.verify"), "Verify");
    let user = customer(&panel, "carol");
    let enrolment = start(&user, "totp").expect(201);
    let (mut app, uri) = App::scanned(&enrolment);
    assert!(uri.starts_with("otpauth://totp/IPSERVERONE:carol"), "{uri}");
    user.confirm(&enrolment, &app.one_wrong()).problem(422, "wrong_code");
    assert_eq!(user.status(), "disabled");
    user.confirm(&enrolment, &app.fresh()).expect(200);
    user.answer(&user.login(), &app.fresh()).expect(200);
}

#[test]
fn s3_05_e_mail_goes_to_the_registered_address_and_pasted_blanks_do_not_matter() {
    let (world, post) = World::with_post(PRESET);
    let user = customer(&world.panel(), "carol");
    let elsewhere = json!({ "method": "email", "destination": "thief@example.net", "reauth": password() });
    user.post("/enrolments", &elsewhere).problem(422, "invalid_field");
    let enrolment = start(&user, "email").expect(201);
    let masked = enrolment["destination"].as_str().expect("masked");
    assert!(masked.starts_with('p') && masked.contains("***@") && !masked.contains("primary"), "{masked}");
    let code = post.mailed_code(MAIL, SET_UP, 1);
    let pasted = format!("  {} {}-{} \u{a0}", &code[..2], &code[2..4], &code[4..]);
    user.confirm(&enrolment, &pasted).expect(200);
    let login = user.login();
    let code = post.mailed_code(MAIL, LOGIN, 1);
    user.answer(&login, &format!("\t{}\u{2011}{}\n", &code[..3], &code[3..])).expect(200);
    assert!(post.mails("thief@example.net").is_empty());
}

#[test]
fn s3_06_sms_goes_to_the_registered_number() {
    let (world, post) = World::with_post(PRESET);
    let user = customer(&world.panel(), "carol");
    let elsewhere = json!({ "method": "sms", "destination": "+447400123999", "reauth": password() });
    user.post("/enrolments", &elsewhere).problem(422, "invalid_field");
    let enrolment = start(&user, "sms").expect(201);
    let masked = enrolment["destination"].as_str().expect("masked");
    assert!(masked != PHONE && masked.ends_with("56"), "{masked}");
    user.confirm(&enrolment, &post.texted_code(PHONE, 1)).expect(200);
    let login = user.login();
    user.answer(&login, &post.texted_code(PHONE, 2)).expect(200);
    assert!(post.twilio.requests().iter().all(|request| !String::from_utf8_lossy(&request.body).contains("123999")));
}

#[test]
fn s3_07_afterwards_the_status_is_enabled_and_the_method_is_shown() {
    let (world, post) = World::with_post(PRESET);
    let user = customer(&world.panel(), "carol");
    let before = user.get();
    assert_eq!((before["status_text"].as_str(), methods(&before).len()), (Some("Disabled"), 0));
    let enrolment = start(&user, "email").expect(201);
    assert_eq!(user.get()["status_text"], "Disabled", "not before the code");
    user.confirm(&enrolment, &post.mailed_code(MAIL, SET_UP, 1)).expect(200);
    let after = user.get();
    assert_eq!((after["status"].as_str(), after["status_text"].as_str()), (Some("enabled"), Some("Enabled")));
    assert_eq!(methods(&after), ["email"]);
    assert_eq!(after["methods"][0]["destination"], enrolment["destination"]);
}

#[test]
fn s3_08_disabling_asks_for_the_login_password() {
    let world = World::of(PRESET);
    let user = customer(&world.panel(), "carol");
    let enrolment = start(&user, "totp").expect(201);
    user.confirm(&enrolment, &App::typed_in(&enrolment).fresh()).expect(200);
    for reauth in [
        json!({}),
        json!({ "confirmed": true }),
        json!({ "session_verified": true }),
        json!({ "confirmed": true, "code": "123456" }),
    ] {
        user.post("/disable", &json!({ "reauth": reauth })).problem(403, "reauthentication_required");
    }
    user.post("/disable", &json!({ "reauth": { "password_verified_at": rfc3339(-301) } }))
        .problem(403, "password_check_stale");
    assert_eq!(user.status(), "enabled");
    disable(&user).expect(200);
    assert_eq!((user.status().as_str(), user.login()["login_allowed"].as_bool()), ("disabled", Some(true)));
}

#[test]
fn s3_09_to_change_the_method_disable_first_then_set_up_again() {
    let (world, post) = World::with_post(PRESET);
    let user = customer(&world.panel(), "carol");
    let enrolment = start(&user, "totp").expect(201);
    let mut app = App::typed_in(&enrolment);
    user.confirm(&enrolment, &app.fresh()).expect(200);
    for method in ["email", "sms", "totp"] {
        start(&user, method).problem(409, "disable_first");
    }
    assert_eq!(methods(&user.get()), ["totp"]);
    disable(&user).expect(200);
    let enrolment = start(&user, "email").expect(201);
    user.confirm(&enrolment, &post.mailed_code(MAIL, SET_UP, 1)).expect(200);
    assert_eq!(methods(&user.get()), ["email"]);
    user.verify(&app.fresh()).problem(409, "setup_required");
}

#[test]
fn s3_10_at_the_next_login_the_second_factor_follows_the_password() {
    let (world, post) = World::with_post(PRESET);
    let panel = world.panel();
    let user = customer(&panel, "carol");
    assert_eq!(user.login()["login_allowed"], true, "nothing is asked before it is on");
    let enrolment = start(&user, "email").expect(201);
    let set_up = post.mailed_code(MAIL, SET_UP, 1);
    user.confirm(&enrolment, &set_up).expect(200);
    let login = user.login();
    assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("code_required"), Some(false)));
    assert_eq!((login["method"].as_str(), login["digits"].as_u64()), (Some("email"), Some(6)));
    assert_eq!(login["message"], "Enter the code that was sent to your email address.");
    let code = post.mailed_code(MAIL, LOGIN, 1);
    if set_up != code {
        user.answer(&login, &set_up).problem(422, "wrong_code");
    }
    user.answer(&login, &code).expect(200);
    user.answer(&login, &code).problem(422, "already_used");
}

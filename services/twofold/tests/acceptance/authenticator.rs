//! What the presets `ipi` and `hideez` have in common: an authenticator app and recovery codes.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::app::{App, parameter};
use crate::support::panel::{Panel, User, confirmed, position, recovery_codes};
use crate::support::tools::{base32, hex, oathtool, oathtool_hex};
use crate::support::world::World;

/// An enrolment says nothing about another tenant, nor about another application of the same tenant.
pub fn an_enrolment_is_of_one_tenant_and_application(preset: &str) {
    use crate::support::server::Home;
    let home = Home::new("");
    let (here, elsewhere) = (home.tenant("here", preset), home.tenant("elsewhere", preset));
    let server = home.serve();
    let panel = |key: &str| Panel::new(server.address, key);
    let alice = panel(&here.live).register("alice", &json!({}));
    let (mut app, codes) = alice.enrol_app();
    panel(&elsewhere.live).user("alice").post("/challenges", &json!({})).problem(404, "user_not_found");
    for other in [panel(&elsewhere.live), panel(&here.test)] {
        let namesake = other.register("alice", &json!({}));
        assert_eq!(namesake.status(), "disabled");
        assert_eq!(namesake.login()["login_allowed"], true);
        namesake.verify(&app.code_at(app.used + 1)).problem(409, "setup_required");
        namesake.verify_recovery(&codes[0]).problem(409, "no_recovery_codes");
        let enrolment = namesake.start("totp").expect(201);
        assert_ne!(enrolment["totp"]["secret"], app.secret, "a secret of its own");
        alice.confirm(&enrolment, "123456").problem(404, "enrolment_not_found");
    }
    assert_eq!(alice.status(), "enabled");
    alice.verify(&app.fresh()).expect(200);
}

/// A set-up that begins with the panel's button and leads through the app to codes that log in.
pub fn a_guided_set_up(preset: &str, button: &str, recommended: Option<&str>) {
    let world = World::of(preset);
    let alice = world.panel().register("alice@example.org", &json!({}));
    let enrolment = alice.start("totp").expect(201);
    assert_eq!(enrolment["action"], button);
    assert_eq!(enrolment["recommended_app"].as_str(), recommended);
    assert!(enrolment["message"].as_str().is_some_and(|hint| hint.contains("QR code")), "{enrolment}");
    assert_eq!(alice.status(), "disabled", "nothing is on before the code");
    let (mut app, _) = App::scanned(&enrolment);
    let done = alice.confirm(&enrolment, &app.fresh()).expect(200);
    assert_eq!((done["verified"].as_bool(), done["enrolled"].as_bool()), (Some(true), Some(true)));
    assert_eq!(alice.status(), "enabled");
    alice.answer(&alice.login(), &app.fresh()).expect(200);
}

/// The secret as text and the picture say the same: 160 bit.
pub fn the_secret_stands_beside_the_qr_code(preset: &str, issuer: &str) {
    let world = World::of(preset);
    let alice = world.panel().register("alice@example.org", &json!({}));
    let enrolment = alice.start("totp").expect(201);
    let secret = enrolment["totp"]["secret"].as_str().expect("a text");
    assert_eq!(secret.len(), 32, "the 32 alphabetic value");
    assert!(secret.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{secret} is base32");
    assert_eq!(base32(secret).len() * 8, 160);
    let (app, uri) = App::scanned(&enrolment);
    assert_eq!(app.secret, secret, "the picture holds the same secret");
    assert_eq!(enrolment["totp"]["otpauth_uri"], uri, "the picture holds the URI");
    assert!(uri.starts_with(&format!("otpauth://totp/{issuer}:alice")), "{uri}");
    assert_eq!(parameter(&uri, "issuer").as_deref(), Some(issuer));
    let again = alice.start("totp").expect(201);
    assert_ne!(again["totp"]["secret"], secret, "every set-up has a secret of its own");
    let shown = alice.get().to_string();
    assert!(
        !shown.contains(secret) && !shown.contains(again["totp"]["secret"].as_str().expect("a text")),
        "shown once"
    );
}

/// A key for the pocket with the same secret gives codes that count as well, and each counts once.
pub fn a_second_generator_gives_accepted_codes(preset: &str) {
    let world = World::of(preset);
    let alice = world.panel().register("alice", &json!({}));
    let (mut phone, _) = alice.enrol_app();
    let pocket_secret = hex(&base32(&phone.secret));
    let code_of_phone = phone.fresh();
    let code_of_pocket = oathtool_hex(&pocket_secret, 6, phone.used * 30);
    assert_eq!(code_of_pocket, code_of_phone);
    alice.verify(&code_of_pocket).expect(200);
    alice.verify(&code_of_phone).problem(422, "already_used");
    // Secrets are typed in lower case and in groups as well.
    let groups: Vec<String> =
        phone.secret.to_lowercase().as_bytes().chunks(4).map(|g| String::from_utf8_lossy(g).into_owned()).collect();
    phone.fresh();
    alice.verify(&oathtool(&groups.join(" "), 6, phone.used * 30)).expect(200);
}

/// Enabling gives the codes to save; they are not shown again.
pub fn enabling_gives_recovery_codes(preset: &str) {
    let world = World::of(preset);
    let alice = world.panel().register("alice", &json!({}));
    let enrolment = alice.start("totp").expect(201);
    let done = alice.confirm(&enrolment, &App::typed_in(&enrolment).fresh()).expect(200);
    let codes = recovery_codes(&done);
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 8 && code.bytes().all(|b| b.is_ascii_alphanumeric())), "{codes:?}");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10, "all different");
    assert_eq!(done["recovery_codes_left"], 10);
    assert!(
        done["recovery_message"].as_str().is_some_and(|text| text.starts_with("Save these recovery codes.")),
        "{done}"
    );
    let shown = alice.get();
    assert_eq!(shown["recovery_codes_left"], 10);
    assert!(codes.iter().all(|code| !shown.to_string().contains(code.as_str())), "shown once");
}

/// The way in without the phone.
pub fn a_recovery_code_lets_the_user_in(preset: &str) {
    let world = World::of(preset);
    let panel = world.panel();
    let alice = panel.register("alice", &json!({}));
    let (mut app, codes) = alice.enrol_app();
    assert_eq!(panel.text("action.recovery_login"), "Log in with a recovery code");
    let challenge = alice.login();
    assert_eq!(
        (challenge["status"].as_str(), challenge["login_allowed"].as_bool()),
        (Some("code_required"), Some(false))
    );
    assert_eq!(challenge["recovery_code_allowed"], true);
    assert_eq!(challenge["recovery"][0]["path"], "recovery_code", "the first way offered: {challenge}");
    let done = alice.answer(&challenge, &codes[0]).expect(200);
    assert_eq!((done["method"].as_str(), done["recovery_codes_left"].as_u64()), (Some("recovery_code"), Some(9)));
    // Once: not in another login, not in one shot.
    alice.answer(&alice.login(), &codes[0]).problem(422, "wrong_code");
    alice.verify_recovery(&codes[0]).problem(422, "wrong_code");
    alice.verify_recovery(&codes[1]).expect(200);
    alice.answer(&alice.login(), &app.fresh()).expect(200);
    assert_eq!(alice.get()["recovery_codes_left"], 8);
}

/// Off after a confirmation, and on again whenever the user likes.
pub fn disable_confirms_and_can_be_resumed(preset: &str, text: &str) {
    let world = World::of(preset);
    let panel = world.panel();
    let alice = panel.register("alice", &json!({}));
    let (mut app, codes) = alice.enrol_app();
    assert_eq!(panel.text("action.disable"), "Disable 2FA");
    alice.post("/disable", &json!({})).problem(403, "reauthentication_required");
    assert_eq!(alice.status(), "enabled");
    let done = alice.post("/disable", &confirmed()).expect(200);
    assert_eq!((done["message"].as_str(), done["status"].as_str()), (Some(text), Some("disabled")));
    let login = alice.login();
    assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("not_required"), Some(true)));
    alice.verify(&app.fresh()).problem(409, "setup_required");
    alice.verify_recovery(&codes[0]).problem(409, "no_recovery_codes");
    alice.post("/disable", &confirmed()).problem(409, "not_enabled");
    let (mut again, _) = alice.enrol_app();
    assert_ne!(again.secret, app.secret);
    alice.answer(&alice.login(), &again.fresh()).expect(200);
}

/// A new phone and the codes on paper.
pub fn resetting_the_authenticator_keeps_the_recovery_codes(preset: &str) -> (World, User) {
    let world = World::of(preset);
    let alice = world.panel().register("alice", &json!({}));
    let (mut app, codes) = alice.enrol_app();
    alice.post("/authenticator/reset", &json!({})).problem(403, "reauthentication_required");
    let done = alice.post("/authenticator/reset", &confirmed()).expect(200);
    assert_eq!(alice.get()["recovery_codes_left"], 10);
    let challenge = alice.login();
    assert_eq!(
        (challenge["status"].as_str(), challenge["login_allowed"].as_bool()),
        (Some("setup_required"), Some(false))
    );
    alice.verify(&app.fresh()).problem(409, "setup_required");
    assert_eq!(alice.answer(&challenge, &codes[0]).expect(200)["method"], "recovery_code");
    let enrolment = alice.start("totp").expect(201);
    let mut new = App::typed_in(&enrolment);
    let confirmed = alice.confirm(&enrolment, &new.fresh()).expect(200);
    assert!(recovery_codes(&confirmed).is_empty(), "the old ones are alive, so no new ones are made: {confirmed}");
    assert_eq!(confirmed["recovery_codes_left"], 9);
    alice.verify_recovery(&codes[1]).expect(200);
    alice.verify(&new.fresh()).expect(200);
    assert!(position(&done) > 0);
    (world, alice)
}

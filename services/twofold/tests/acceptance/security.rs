//! What an attacker, a clumsy user and a careless operator may do without harm.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::clock::{eventually, rfc3339, steady_step};
use crate::support::panel::{Panel, User, position};
use crate::support::world::World;

/// A user with codes by e-mail, in the test inbox.
fn mail_user(panel: &Panel, id: &str) -> User {
    let user = panel.register(id, &json!({ "email": format!("{id}@example.org") }));
    let body = json!({ "method": "email", "reauth": { "password_verified_at": rfc3339(-2) } });
    let enrolment = user.post("/enrolments", &body).expect(201);
    user.confirm(&enrolment, &user.inbox_code("enrolment")).expect(200);
    user
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[test]
fn c25_a_lock_is_per_factor_and_a_recovery_code_still_works() {
    let world = World::of("ipi");
    let user = world.panel().register("mallory-was-here", &json!({}));
    let (mut app, codes) = user.enrol_app();
    let wrong = app.wrong(5);
    for (number, code) in wrong.iter().enumerate() {
        let told = user.verify(code).problem(422, "wrong_code");
        assert_eq!(told["attempts_left"], 4 - number, "{told}");
        assert_eq!(told["locked"], number == 4, "{told}");
    }
    let right = app.fresh();
    user.verify(&right).problem(429, "locked");
    // New challenges and another factor's success do not open it (C2).
    let login = user.login();
    assert_eq!((login["locked"].as_bool(), login["login_allowed"].as_bool()), (Some(true), Some(false)));
    user.answer(&login, &right).problem(429, "locked");
    user.answer(&login, &codes[0]).expect(200);
    user.verify(&right).problem(429, "locked");
    // Nobody lifts his own lock; support does.
    user.post("/unlock", &json!({})).problem(403, "not_permitted");
    user.post("/unlock", &json!({ "actor": { "type": "support" }, "reason": "called back" })).expect(200);
    user.verify(&app.fresh()).expect(200);
}

#[test]
fn c2_a_lock_and_a_spent_code_outlast_a_kill() {
    let mut world = World::of("ipi");
    let (spent, wrong, path) = {
        let user = world.panel().register("vera", &json!({}));
        let (mut app, codes) = user.enrol_app();
        let spent = app.fresh();
        user.verify(&spent).expect(200);
        user.verify_recovery(&codes[0]).expect(200);
        let wrong = app.wrong(5);
        wrong[..4].iter().for_each(|code| drop(user.verify(code).problem(422, "wrong_code")));
        (json!({ "code": codes[0], "method": "recovery_code" }), wrong[4].clone(), user.path("/verify"))
    };
    world.server.kill();
    world.server = world.home.serve();
    let panel = world.panel();
    panel.post(&path, &spent).problem(422, "wrong_code");
    let fifth = panel.post(&path, &json!({ "code": wrong })).problem(422, "wrong_code");
    assert_eq!(
        (fifth["attempts_left"].as_u64(), fifth["locked"].as_bool()),
        (Some(0), Some(true)),
        "the four before count"
    );
    world.server.kill();
    world.server = world.home.serve();
    world.panel().post(&path, &json!({ "code": wrong })).problem(429, "locked");
}

#[test]
fn c23_a_resent_code_voids_the_old_one() {
    let world = World::of("ipserverone");
    let panel = world.test_panel();
    panel.settings(&json!({ "codes": { "resend_after_secs": 10 } }));
    let user = mail_user(&panel, "rita");
    let login = user.login();
    let old = user.inbox_code("login");
    let resend = format!("/challenges/{}/resend", login["id"].as_str().expect("an id"));
    let early = user.post(&resend, &json!({}));
    early.problem(429, "resend_too_soon");
    let wait: u64 = early.header("retry-after").expect("a header").parse().expect("seconds");
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(user.login()["id"], login["id"], "a reloaded page gets the same challenge");
    let sent = eventually("another code may be sent", Duration::from_secs(20), || {
        let answer = user.post(&resend, &json!({}));
        (answer.status == 201).then_some(answer)
    });
    assert_eq!(sent.json()["id"], login["id"]);
    let new = user.inbox_code("login");
    if old != new {
        user.answer(&login, &old).problem(422, "wrong_code");
    }
    user.answer(&login, &new).expect(200);
    user.answer(&login, &new).problem(422, "already_used");
}

#[test]
fn c23_a_newer_login_voids_the_code_of_the_older_one() {
    let world = World::of("ipserverone");
    let panel = world.test_panel();
    panel.settings(&json!({ "codes": { "resend_after_secs": 10 } }));
    let user = mail_user(&panel, "rita");
    let first = user.login();
    let old = user.inbox_code("login");
    let second = eventually("another login gets a code of its own", Duration::from_secs(20), || {
        let login = user.login();
        (login["id"] != first["id"]).then_some(login)
    });
    user.answer(&first, &old).problem(422, "expired");
    user.answer(&second, &user.inbox_code("login")).expect(200);
}

#[test]
fn c9_changing_the_destination_voids_the_code() {
    let world = World::of("ipserverone");
    let panel = world.test_panel();
    let user = mail_user(&panel, "olga");
    let login = user.login();
    let code = user.inbox_code("login");
    // Not by the user himself, whose session may be a thief's.
    user.put(&json!({ "email": "new@example.org", "actor": { "type": "user" } })).problem(403, "not_permitted");
    user.put(&json!({ "email": "new@example.org" })).expect(200);
    user.answer(&login, &code).problem(422, "expired");
    let pending = panel.register("otto", &json!({ "email": "otto@example.org" }));
    let body = json!({ "method": "email", "reauth": { "password_verified_at": rfc3339(-2) } });
    let enrolment = pending.post("/enrolments", &body).expect(201);
    let code = pending.inbox_code("enrolment");
    pending.put(&json!({ "email": "otto2@example.org" })).expect(200);
    pending.confirm(&enrolment, &code).problem(422, "expired");
    assert_eq!(pending.status(), "disabled");
}

#[test]
fn c9_a_code_to_confirm_a_change_does_not_log_in_and_the_other_way_round() {
    let world = World::of("ipserverone");
    let panel = world.test_panel();
    panel.settings(&json!({ "reauth": { "disable": "code" } }));
    let user = mail_user(&panel, "rob");
    let login = user.login();
    let confirmation = user.post("/challenges", &json!({ "purpose": "reauth" })).expect(201);
    assert_eq!((login["purpose"].as_str(), confirmation["purpose"].as_str()), (Some("login"), Some("reauth")));
    assert_ne!(login["id"], confirmation["id"]);
    let (login_code, reauth_code) = (user.inbox_code("login"), user.inbox_code("reauth"));
    let disable = |code: &str, challenge: &Value| {
        user.post(
            "/disable",
            &json!({ "reauth": { "confirmed": true, "code": code, "challenge_id": challenge["id"] } }),
        )
    };
    if login_code != reauth_code {
        user.answer(&login, &reauth_code).problem(422, "wrong_code");
        disable(&login_code, &confirmation).problem(422, "wrong_code");
    }
    disable(&login_code, &login).problem(404, "challenge_not_found");
    user.verify(&reauth_code).problem(409, "setup_required");
    assert_eq!(user.status(), "enabled");
    user.answer(&login, &login_code).expect(200);
    disable(other_than(&reauth_code), &confirmation).problem(422, "wrong_code");
    disable(&reauth_code, &confirmation).expect(200);
    assert_eq!(user.status(), "disabled");
}

#[test]
fn c9_a_code_of_one_user_or_challenge_is_not_valid_for_another() {
    let world = World::of("ipserverone");
    let panel = world.test_panel();
    let (ann, bob) = (mail_user(&panel, "ann"), mail_user(&panel, "bob"));
    let (of_ann, of_bob) = (ann.login(), bob.login());
    let (for_ann, for_bob) = (ann.inbox_code("login"), bob.inbox_code("login"));
    // Another user's challenge is like none.
    ann.answer(&of_bob, &for_bob).problem(404, "challenge_not_found");
    bob.answer(&of_ann, &for_ann).problem(404, "challenge_not_found");
    if for_ann != for_bob {
        ann.answer(&of_ann, &for_bob).problem(422, "wrong_code");
    }
    ann.answer(&of_ann, &for_ann).expect(200);
    bob.answer(&of_bob, &for_bob).expect(200);
    // The same for authenticators and recovery codes.
    let other = World::of("ipi");
    let panel = other.panel();
    let (ann, bob) = (panel.register("ann", &json!({})), panel.register("bob", &json!({})));
    let ((mut app, codes), _) = (ann.enrol_app(), bob.enrol_app());
    bob.verify(&app.fresh()).problem(422, "wrong_code");
    bob.verify_recovery(&codes[0]).problem(422, "wrong_code");
    ann.verify(&app.code_at(app.used)).expect(200);
    ann.verify_recovery(&codes[0]).expect(200);
}

#[test]
fn c10_the_clock_is_the_servers() {
    let world = World::of("ipi");
    let panel = world.panel();
    let user = panel.register("tim", &json!({}));
    let (mut app, _) = user.enrol_app();
    let step = steady_step(30);
    let future = app.code_at(step + 20);
    let date =
        [("date", "Fri, 01 Jan 2038 00:00:00 GMT"), ("x-forwarded-for", "127.0.0.1"), ("x-timestamp", "2147483647")];
    let path = user.path("/verify");
    panel.call_with("POST", &path, &date, &json!({ "code": future })).problem(422, "wrong_code");
    for name in ["now", "time", "timestamp", "at", "step"] {
        let mut body = json!({ "code": future });
        body[name] = json!((step + 20) * 30);
        user.post("/verify", &body).problem(422, "invalid_body");
    }
    user.verify(&app.code_at(step - 2)).problem(422, "wrong_code");
    user.verify(&app.fresh()).expect(200);
}

#[test]
fn c19_unknown_fields_are_refused_on_every_route_and_nothing_happens() {
    let world = World::of("ipi");
    let panel = world.panel();
    let user = panel.register("una", &json!({}));
    let (mut app, _) = user.enrol_app();
    let login = user.login();
    let before = position(&user.get());
    let challenge = login["id"].as_str().expect("an id");
    let bodies: [(&str, Value); 12] = [
        ("/verify", json!({ "code": app.fresh(), "codes": "1" })),
        ("/verify", json!({ "code": app.code_at(app.used), "tenant": "other" })),
        ("/verify", json!({ "code": app.code_at(app.used), "client": { "ip": "203.0.113.7", "trusted": true } })),
        ("/challenges", json!({ "skip": true })),
        (&format!("/challenges/{challenge}/verify"), json!({ "code": app.code_at(app.used), "force": true })),
        ("/enrolments", json!({ "method": "totp", "secret": "JBSWY3DPEHPK3PXP", "reauth": { "confirmed": true } })),
        ("/disable", json!({ "reauth": { "confirmed": true, "admin": true } })),
        ("/reset", json!({ "reauth": { "confirmed": true }, "all": true })),
        ("/authenticator/reset", json!({ "reauth": { "confirmed": true }, "Reauth": {} })),
        ("/recovery-codes", json!({ "reauth": { "confirmed": true }, "count": 1000 })),
        ("/unlock", json!({ "actor": { "type": "system", "role": "admin" } })),
        ("/disable", json!({ "actor": { "type": "root" } })),
    ];
    for (route, body) in bodies {
        user.post(route, &body).problem(422, "invalid_body");
    }
    user.put(&json!({ "use2fa": false })).problem(422, "invalid_body");
    panel.call("PATCH", "/v1/settings", &json!({ "polcy": "off" })).problem(422, "invalid_settings");
    panel.get("/v1/audit?users=una").problem(400, "invalid_query");
    for (body, status, code) in [
        ("", 422, "invalid_body"),
        ("{", 400, "malformed_json"),
        ("[]", 422, "invalid_body"),
        ("null", 422, "invalid_body"),
    ] {
        let headers =
            [("authorization", format!("Bearer {}", panel.key)), ("content-type", "application/json".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let bytes = crate::support::http::request("POST", &user.path("/verify"), &headers, body.as_bytes());
        let answer = crate::support::http::Connection::open(panel.address)
            .and_then(|mut to| to.send(&bytes))
            .expect("an answer");
        answer.problem(status, code);
    }
    let after = user.get();
    assert_eq!((position(&after), after["status"].as_str()), (before, Some("enabled")), "nothing was appended");
    user.answer(&login, &app.code_at(app.used)).expect(200);
}

#[test]
fn s3_05_pasted_codes_with_blanks_and_hyphens_count_and_other_digits_do_not() {
    let world = World::of("ipi");
    let user = world.panel().register("paul", &json!({}));
    let (mut app, codes) = user.enrol_app();
    let code = app.fresh();
    let (front, back) = code.split_at(3);
    let in_script = |zero: u32| {
        code.chars().map(|c| char::from_u32(zero + u32::from(c) - 48).expect("a digit")).collect::<String>()
    };
    // Full-width, Arabic-Indic, Persian, Devanagari, mathematical bold.
    let scripts = [0xff10, 0x660, 0x6f0, 0x966, 0x1d7ce].map(in_script);
    let others =
        ["", " ", "12345", "1234567", "12345678", "abcdef", "+12345", "0x1234", "123456\0", "1234\n56", "12345६"];
    let mixed = format!("{front}{}", scripts[0].chars().skip(3).collect::<String>());
    for malformed in scripts.iter().map(String::as_str).chain(others).chain([mixed.as_str()]) {
        let body = json!({ "code": malformed, "method": "totp" });
        let told = user.post("/verify", &body).problem(422, "malformed_code");
        assert_eq!(told["verified"], false);
    }
    assert_eq!(user.get()["locks"], json!([]), "a slip of the finger is no attempt");
    user.verify(&format!("\u{2003}{front} - {back}\r\n")).expect(200);
    let recovery = codes[0].to_uppercase();
    user.verify(&format!(" {}-{} {} ", &recovery[..2], &recovery[2..5], &recovery[5..])).expect(200);
}

#[test]
fn c21_a_request_without_a_live_key_learns_nothing() {
    let world = World::of("ipi");
    let panel = world.panel();
    let user = panel.register("kim", &json!({}));
    let mut mistyped = panel.key.clone();
    let last = mistyped.pop().expect("a character");
    mistyped.push(if last == 'A' { 'B' } else { 'A' });
    for key in
        ["", "tf_live_", mistyped.as_str(), &panel.key.to_uppercase(), &panel.key.replace("tf_live_", "tf_test_")]
    {
        for id in ["kim", "nobody"] {
            let told = Panel::new(panel.address, key).user(id).post("/challenges", &json!({}));
            told.problem(401, "unauthorized");
            assert!(told.header("www-authenticate").is_some());
        }
    }
    let twice = [("authorization", "Bearer tf_live_x")];
    panel.call_with("POST", &user.path("/challenges"), &twice, &json!({})).problem(401, "unauthorized");
}

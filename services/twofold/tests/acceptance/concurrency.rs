//! Many at once: a code succeeds once, and a burst of guesses is worth five (invariants 2 and 3).

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::load::{Crowd, Tally};
use crate::support::panel::{Panel, User, confirmed, position, recovery_codes};
use crate::support::server::ROUNDS;
use crate::support::world::World;

const AT_ONCE: usize = 64;

fn count(tally: &Tally, status: u16) -> usize {
    tally.iter().filter(|((found, _), _)| *found == status).map(|(_, count)| count).sum()
}

/// One success; the others were told "used", or were not looked at.
#[track_caller]
fn one_success(tally: &Tally, refused: &str) {
    assert_eq!(count(tally, 200), 1, "{tally:?}");
    let known = |(status, code): &(u16, String)| match status {
        200 => true,
        422 => code == refused,
        429 => code == "locked",
        _ => false,
    };
    assert!(tally.keys().all(known), "{tally:?}");
    assert_eq!(tally.values().sum::<usize>(), AT_ONCE, "{tally:?}");
}

fn race(panel: &Panel, mut next: impl FnMut(usize) -> (String, Value), refused: &str) {
    let (mut number, mut judged) = (0, 0);
    let prepare = || {
        let (path, body) = (number < ROUNDS).then(|| next(number))?;
        number += 1;
        Some(vec![panel.request("POST", &path, &[], &body)])
    };
    Crowd::of(AT_ONCE, panel.address).rounds(prepare, |tally| {
        one_success(&tally, refused);
        judged += 1;
    });
    assert_eq!(judged, ROUNDS);
}

fn enrolled(panel: &Panel, number: usize) -> (User, App, Vec<String>) {
    let user = panel.register(&format!("user-{number}"), &json!({}));
    let (app, codes) = user.enrol_app();
    (user, app, codes)
}

#[test]
fn of_64_submissions_of_one_authenticator_code_exactly_one_is_accepted() {
    let world = World::of("ipi");
    let panel = world.panel();
    let mut users: Vec<_> = (0..ROUNDS).map(|number| enrolled(&panel, number)).collect();
    race(
        &panel,
        |number| {
            let (user, app, _) = &mut users[number];
            (user.path("/verify"), json!({ "code": app.fresh() }))
        },
        "already_used",
    );
}

#[test]
fn of_64_submissions_of_one_recovery_code_exactly_one_is_accepted() {
    let world = World::of("ipi");
    let panel = world.panel();
    let (user, _, mut codes) = enrolled(&panel, 0);
    race(
        &panel,
        |number| {
            if number > 0 {
                user.post("/unlock", &json!({ "actor": { "type": "system" } })).expect(200);
            }
            // Of the last code of a set the others would be told that there are none.
            if codes.len() <= 1 {
                codes = recovery_codes(&user.post("/recovery-codes", &confirmed()).expect(200));
            }
            (user.path("/verify"), json!({ "code": codes.pop().expect("one more"), "method": "recovery_code" }))
        },
        "wrong_code",
    );
}

#[test]
fn of_64_submissions_of_one_e_mailed_code_exactly_one_is_accepted() {
    let world = World::of("hostkey");
    let panel = world.test_panel();
    let user = panel.register("eve", &json!({}));
    let entered = json!({ "method": "email", "destination": "eve@example.org", "reauth": { "confirmed": true } });
    let enrolment = user.post("/enrolments", &entered).expect(201);
    user.confirm(&enrolment, &user.inbox_code("enrolment")).expect(200);
    race(
        &panel,
        |number| {
            if number > 0 {
                user.post("/unlock", &json!({ "actor": { "type": "system" } })).expect(200);
            }
            let login = user.login();
            let id = login["id"].as_str().expect("an id");
            (user.path(&format!("/challenges/{id}/verify")), json!({ "code": user.inbox_code("login") }))
        },
        "already_used",
    );
}

#[test]
fn the_code_of_a_set_up_counts_once_for_set_up_and_login_together() {
    let world = World::of("ipi");
    let panel = world.panel();
    let mut number = 0;
    let prepare = || {
        number += 1;
        (number <= 25).then(|| {
            let user = panel.register(&format!("user-{number}"), &json!({}));
            let enrolment = user.start("totp").expect(201);
            let code = json!({ "code": App::typed_in(&enrolment).fresh() });
            let confirm = user.path(&format!("/enrolments/{}/confirm", enrolment["id"].as_str().expect("an id")));
            [confirm, user.path("/verify")].iter().map(|path| panel.request("POST", path, &[], &code)).collect()
        })
    };
    Crowd::of(AT_ONCE, panel.address).rounds(prepare, |tally| {
        assert_eq!(count(&tally, 200), 1, "{tally:?}");
        assert!(tally.keys().all(|(status, _)| matches!(status, 200 | 404 | 409 | 422 | 429)), "{tally:?}");
    });
}

#[test]
fn of_200_parallel_guesses_at_most_five_are_looked_at() {
    let world = World::of("ipi");
    let panel = world.panel();
    let (user, mut app, _) = enrolled(&panel, 0);
    let guesses = app.wrong(200);
    let request = |guess: &String| panel.request("POST", &user.path("/verify"), &[], &json!({ "code": guess }));
    let mut volley = Some(guesses.iter().map(request).collect::<Vec<_>>());
    let mut told = Tally::new();
    Crowd::of(200, panel.address).rounds(|| volley.take(), |tally| told = tally);
    assert_eq!(
        told.keys().collect::<Vec<_>>(),
        [&(422, "wrong_code".to_owned()), &(429, "locked".to_owned())],
        "{told:?}"
    );
    assert_eq!((count(&told, 422), count(&told, 429)), (5, 195), "{told:?}");
    // The right code is not looked at either, and is still good for nobody until the lock is over.
    let locked = user.verify(&app.fresh());
    let told = locked.problem(429, "locked");
    let wait: u64 = locked.header("retry-after").expect("a header").parse().expect("seconds");
    assert!((1..=30).contains(&wait) && told["retry_after"] == wait, "{told}");
    assert_eq!(told["verified"], false);
    let shown = user.get();
    let lock = shown["locks"].as_array().expect("locks").iter().find(|lock| lock["factor"] == "totp").expect("a lock");
    assert_eq!((lock["failures"].as_u64(), lock["locked"].as_bool()), (Some(5), Some(true)), "{shown}");
    let events = user.audit(position(&shown));
    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let failed = of("verification.failed");
    assert_eq!(failed.len(), 5, "while locked nothing is appended: {failed:?}");
    assert!(failed.iter().all(|event| event["details"]["counted"] == true), "{failed:?}");
    assert_eq!(of("factor.locked").len(), 1);
}

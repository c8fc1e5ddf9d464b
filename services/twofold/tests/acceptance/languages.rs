//! Texts in the user's language.

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::panel::{User, confirmed};
use crate::support::tools::code_in;
use crate::support::world::World;

fn message(answer: &Value) -> &str {
    answer["message"].as_str().expect("a message")
}

#[test]
fn a_german_user_reads_german_on_every_page() {
    let world = World::of("hideez");
    let panel = world.panel();
    let hans = panel.register("hans", &json!({ "locale": "de-AT" }));
    let enrolment = hans.start("totp").expect(201);
    let hint = "Installieren Sie eine Authenticator-App, scannen Sie den QR-Code oder tippen Sie den Schlüssel ein und geben Sie den angezeigten Code ein.";
    assert_eq!((message(&enrolment), enrolment["action"].as_str()), (hint, Some("Zwei-Faktor-Anmeldung einrichten")));
    let mut app = App::typed_in(&enrolment);
    let done = hans.confirm(&enrolment, &app.fresh()).expect(200);
    assert_eq!(message(&done), "Die Zwei-Faktor-Anmeldung mit Authenticator-App ist eingeschaltet.");
    assert!(done["recovery_message"].as_str().is_some_and(|text| text.starts_with("Bewahren Sie diese")), "{done}");
    assert_eq!(hans.get()["status_text"], "Eingeschaltet");
    let login = hans.login();
    assert_eq!(message(&login), "Geben Sie den Code aus Ihrer Authenticator-App ein.");
    assert_eq!(login["recovery"][0]["text"], "Benutzen Sie einen Ihrer Wiederherstellungscodes.");
    let wrong = hans.answer(&login, &app.one_wrong()).problem(422, "wrong_code");
    assert_eq!((message(&wrong), wrong["detail"].as_str()), ("Der Code ist falsch.", Some("Der Code ist falsch.")));
    assert!(wrong["hints"][0]["text"].as_str().is_some_and(|text| text.contains("Ihr Telefon")), "{wrong}");
    let code = app.fresh();
    assert_eq!(message(&hans.answer(&login, &code).expect(200)), "Der Code ist richtig.");
    assert_eq!(
        message(&hans.verify(&code).problem(422, "already_used")),
        "Dieser Code wurde bereits benutzt. Warten Sie auf den nächsten."
    );
    let made = hans.post("/recovery-codes", &confirmed()).expect(200);
    assert_eq!(message(&made), "Neue Wiederherstellungscodes wurden erzeugt. Die alten gelten nicht mehr.");
    let off = hans.post("/disable", &confirmed()).expect(200);
    assert_eq!(message(&off), "Die Zwei-Faktor-Anmeldung ist abgeschaltet.");
    assert_eq!(message(&hans.login()), "Es ist kein zweiter Faktor nötig.");
}

#[test]
fn mail_and_sms_are_german_for_a_german_user() {
    let (world, post) = World::with_post("hostkey");
    let panel = world.panel();
    let user = |id: &str| panel.register(id, &json!({ "locale": "de" }));
    let begin = |user: &User, method: &str, destination: &str| {
        user.post(
            "/enrolments",
            &json!({ "method": method, "destination": destination, "reauth": { "confirmed": true } }),
        )
        .expect(201)
    };
    let (hans, grete) = (user("hans"), user("grete"));
    let by_mail = begin(&hans, "email", "hans@example.org");
    assert_eq!(message(&by_mail), "Der Code wurde an die E-Mail-Adresse gesendet.");
    assert!(by_mail["risk"].as_str().is_some_and(|text| text.contains("Postfach")), "{by_mail}");
    let letter = post.mail("hans@example.org", "Ihr Bestätigungscode für HOSTKEY", 1);
    assert!(letter.text.starts_with("Guten Tag,") && letter.text.contains("5 Minuten"), "{}", letter.text);
    let done = hans.confirm(&by_mail, &code_in(&letter.text, 6)).expect(200);
    assert_eq!(message(&done), "Die Zwei-Faktor-Anmeldung per E-Mail ist eingeschaltet.");
    assert_eq!(message(&hans.login()), "Geben Sie den Code ein, der an Ihre E-Mail-Adresse gesendet wurde.");
    post.mail("hans@example.org", "Ihr Anmeldecode für HOSTKEY", 1);
    let by_sms = begin(&grete, "sms", "+4915123456789");
    assert_eq!(message(&by_sms), "Der Code wurde an die Mobilnummer gesendet.");
    let text = post.sms("+4915123456789", 1)["Body"].clone();
    assert!(text.contains("ist Ihr Bestätigungscode für HOSTKEY. Er gilt 5 Minuten."), "{text}");
    grete.confirm(&by_sms, &code_in(&text, 6)).expect(200);
}

#[test]
fn an_unknown_language_reads_the_tenants_english() {
    let world = World::of("hideez");
    let panel = world.panel();
    for locale in ["fr", "en-gb"] {
        let user = panel.register(&format!("user-{locale}"), &json!({ "locale": locale }));
        assert_eq!(user.start("totp").expect(201)["action"], "Add authenticator app", "{locale}");
        assert_eq!(message(&user.login()), "No second factor is needed.", "{locale}");
    }
    panel.user("user-fr").put(&json!({ "locale": "d\ne" })).problem(422, "invalid_field");
}

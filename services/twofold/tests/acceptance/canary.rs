//! C29: whatever is secret is lived through once and then looked for everywhere it must not be.

use crate::support::app::App;
use crate::support::clock::eventually;
use crate::support::http::Answer;
use crate::support::panel::{Panel, User, confirmed, position, recovery_codes};
use crate::support::post::{ACCOUNT_SID, Post};
use crate::support::server::Home;
use crate::support::tools::{base32, code_in, hex};
use crate::support::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use twofold_test_support::{Stage, twilio_error};

/// Everything secret that a run brought up, and where it may not be found.
#[derive(Default)]
struct Canaries {
    secrets: BTreeMap<String, String>,
    errors: Vec<String>,
}

impl Canaries {
    fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 8, "{name} is long enough not to turn up by chance");
        self.secrets.insert(name.to_owned(), secret.to_owned());
    }

    /// Keeps what an error answer says.
    fn error(&mut self, answer: &Answer) {
        assert!(answer.status >= 400, "{}", answer.text());
        self.errors.push(format!("{:?} {}", answer.headers, answer.text()));
    }

    #[track_caller]
    fn absent_from(&self, place: &str, bytes: &[u8]) {
        for (name, secret) in &self.secrets {
            let found = bytes.windows(secret.len()).position(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
            if let Some(at) = found {
                let around = &bytes[at.saturating_sub(160)..bytes.len().min(at + secret.len() + 40)];
                panic!("{name} is in {place}: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

fn random() -> String {
    let bytes = std::fs::File::open("/dev/urandom").and_then(|mut file| {
        let mut bytes = [0_u8; 12];
        std::io::Read::read_exact(&mut file, &mut bytes).map(|()| bytes)
    });
    hex(&bytes.expect("randomness"))
}

/// Sets up, uses, mistypes and loses every method once.
fn live_through_everything(panel: &Panel, post: &Post, address: &str, number: &str, canaries: &mut Canaries) -> User {
    let user = panel.register("canary-user", &json!({ "email": address, "phone": number }));
    let enrolment = user.start("totp").expect(201);
    let mut app = App::typed_in(&enrolment);
    canaries.add("TOTP secret", &app.secret);
    canaries.add("TOTP secret in hexadecimal digits", &hex(&base32(&app.secret)));
    let (first, second) = (app.fresh(), app.fresh());
    let wrong = unlike(&first);
    for (name, code) in [("TOTP code of the set-up", &first), ("wrong TOTP code", &wrong), ("TOTP code", &second)] {
        canaries.add(name, code);
    }
    canaries.error(&user.confirm(&enrolment, &wrong));
    let codes = recovery_codes(&user.confirm(&enrolment, &first).expect(200));
    for (number, code) in codes.iter().enumerate() {
        canaries.add(&format!("recovery code {number}"), code);
    }
    canaries.error(&user.verify(&wrong));
    canaries.error(&user.verify(&first));
    user.verify(&second).expect(200);
    user.verify_recovery(&codes[0]).expect(200);
    canaries.error(&user.verify_recovery(&codes[0]));
    // Bodies that cannot be read must not come back in the explanation.
    let spare: u64 = codes_as_number(&wrong);
    canaries.error(&user.post("/verify", &json!({ "code": spare })));
    canaries.error(&user.post("/verify", &json!({ "code": { "text": codes[1] } })));
    canaries.error(&user.post("/verify", &json!({ "code": codes[1], "method": codes[1] })));
    canaries.error(&user.post("/enrolments", &json!({ "method": app.secret, "reauth": { "code": codes[1] } })));
    canaries.error(&panel.call(
        "PUT",
        "/v1/channels/email",
        &json!({ "transport": "smtp", "password": post.password, "host": post.token }),
    ));
    for (method, to) in [("email", address), ("sms", number)] {
        // Sending fails once and is tried again.
        post.sink.behave(&[(Stage::Rcpt, "450 4.2.1 later")]).expect("told");
        post.twilio.plan(twilio_error(429, 20429, "Too Many Requests"));
        let enrolment = user.start(method).expect(201);
        let retrying = format!("/v1/deliveries?user=canary-user&status=retrying&channel={method}");
        eventually("a message is to be tried again", Duration::from_secs(30), || {
            let waiting = panel.get(&retrying).expect(200);
            waiting["items"]
                .as_array()
                .is_some_and(|items| items.iter().any(|item| item["purpose"] == "enrolment"))
                .then_some(())
        });
        post.sink.behave(&[]).expect("told");
        let code = newest_code(post, to, 1);
        canaries.add(&format!("{method} code of the set-up"), &code);
        user.confirm(&enrolment, &code).expect(200);
        let login = user.post("/challenges", &json!({ "method": method })).expect(201);
        let code = newest_code(post, to, 2);
        canaries.add(&format!("{method} code"), &code);
        canaries.error(&user.answer(&login, &wrong));
        user.answer(&login, &code).expect(200);
        canaries.error(&user.answer(&login, &code));
    }
    user
}

/// A wrong code as irregular as a right one: zeros turn up in every floating-point number of the metrics.
fn unlike(code: &str) -> String {
    code.chars().filter_map(|digit| digit.to_digit(10)).map(|digit| ((digit + 5) % 10).to_string()).collect()
}

fn codes_as_number(code: &str) -> u64 {
    // A code with a leading zero is no JSON number; ten million more has as many digits.
    code.parse::<u64>().expect("digits").max(10_000_000)
}

/// The n-th code of 8 digits that reached an address or number. The provider sees one code twice when its first answer was
/// a refusal.
fn newest_code(post: &Post, to: &str, nth: usize) -> String {
    if to.starts_with('+') {
        let mut codes: Vec<String> = Vec::new();
        for message in 1.. {
            let code = code_in(&post.sms(to, message)["Body"], 8);
            if !codes.contains(&code) {
                codes.push(code);
            }
            if codes.len() == nth {
                break;
            }
        }
        return codes.pop().expect("a code");
    }
    let text = eventually("a mail with a code", Duration::from_secs(30), || {
        let with_code = |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() == 8);
        let mails = post.mails(to);
        mails.iter().map(|letter| letter.text.clone()).filter(|text| with_code(text)).nth(nth - 1)
    });
    code_in(&text, 8)
}

/// A tenant whose mail password is wrong: what the mail server says of it is logged.
fn refused_by_the_mail_server(world: &World, post: &Post, canaries: &mut Canaries) {
    let password = format!("wrong-{}", random());
    canaries.add("wrong SMTP password", &password);
    let keys = world.home.tenant("misconfigured", "hostkey");
    canaries.add("live key of another tenant", &keys.live);
    post.connect_with(&world.home, "misconfigured", &password);
    let panel = Panel::new(world.server.address, &keys.live);
    let user = eventually("the running server knows the tenant", Duration::from_secs(10), || {
        let user = panel.user("canary-user");
        (user.put(&json!({})).status == 200).then_some(user)
    });
    eventually("the running server knows the channel", Duration::from_secs(10), || {
        (panel.get("/v1/channels/email").expect(200)["configured"] == true).then_some(())
    });
    let entered = json!({ "method": "email", "destination": "a@example.org", "reauth": { "confirmed": true } });
    user.post("/enrolments", &entered).expect(201);
    eventually("the mail server's refusal is known", Duration::from_secs(30), || {
        let messages = panel.get("/v1/deliveries").expect(200);
        messages["items"]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item["cause"].is_string()))
            .then_some(())
    });
}

#[test]
fn c29_no_secret_is_in_logs_at_trace_metrics_errors_or_files() {
    let mut canaries = Canaries::default();
    let post = Post::start(&format!("smtp-{}", random()), &format!("twilio-{}", random()));
    canaries.add("SMTP password", &post.password);
    canaries.add("Twilio token", &post.token);
    for (name, pair) in [
        ("SMTP login", format!("\0panel\0{}", post.password)),
        ("Twilio login", format!("{ACCOUNT_SID}:{}", post.token)),
    ] {
        canaries.add(name, &STANDARD.encode(pair));
    }
    let mut home = Home::new("[delivery]\nallow_private_networks = true\n");
    home.set("RUST_LOG", "trace");
    home.set("TWOFOLD__LOG__LEVEL", "trace");
    let mut world = World::on(home, "hideez", Some(&post));
    canaries.add("live key", &world.keys.live.clone());
    canaries.add("test key", &world.keys.test.clone());
    let panel = world.panel();
    // Eight digits: six turn up in any pile of numbers.
    panel.settings(&json!({
        "codes": { "digits": 8 }, "totp": { "digits": 8 },
        "methods": { "allowed": ["totp", "email", "sms"], "max_active": 3 },
    }));
    let (address, number) = (format!("{}@example.org", random()), "+447400123456");
    canaries.add("address", &address);
    canaries.add("number", number.trim_start_matches('+'));
    canaries.add("user", "canary-user");
    let user = live_through_everything(&panel, &post, &address, number, &mut canaries);
    user.post("/disable", &confirmed()).expect(200);
    refused_by_the_mail_server(&world, &post, &mut canaries);
    let at = position(&user.get());
    let reads = [
        "/v1/audit?format=ndjson",
        "/v1/audit?format=csv",
        "/v1/deliveries",
        "/v1/settings",
        "/v1/channels/email",
        "/v1/channels/sms",
        "/metrics",
        "/readyz",
    ];
    canaries.absent_from("an error answer", canaries.errors.join("\n").as_bytes());
    user.audit(at);
    let name = canaries.secrets.remove("user").expect("known");
    for path in reads {
        canaries.absent_from(path, &panel.get(path).body);
    }
    canaries.absent_from("the user's page", user.get().to_string().as_bytes());
    canaries.secrets.insert("user".to_owned(), name);
    canaries.absent_from("/metrics", &panel.get("/metrics").body);
    let log = world.home.log();
    assert!(log.contains("TRACE") || log.contains("trace"), "the log is as loud as can be");
    canaries.absent_from("the log", log.as_bytes());
    for (path, bytes) in world.home.files() {
        canaries.absent_from(&path.display().to_string(), &bytes);
    }
    world.server.kill();
    for (path, bytes) in world.home.files() {
        canaries.absent_from(&path.display().to_string(), &bytes);
    }
}

//! Text messages through stand-ins for Twilio and for a provider a tenant describes.

mod common;

use std::time::Duration;

use common::{CODE, NUMBER, PASSWORD, around, merge, sms, sms_channel, text_of};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use twofold_delivery::transport::{HttpSmsSender, OutgoingSms, SmsTransport, Surroundings, TwilioSender};
use twofold_test_support::{HttpStub, Reaction, TwilioAccount, TwilioStub, twilio_error};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
const KEY: &str = "SK0123456789abcdef0123456789abcdef";

async fn stub(user: &str) -> TwilioStub {
    let account =
        TwilioAccount { account_sid: ACCOUNT.to_owned(), user: user.to_owned(), password: PASSWORD.to_owned() };
    TwilioStub::start(account).await.expect("the stand-in starts")
}

fn near(port: u16) -> Surroundings {
    around(&[format!("127.0.0.1:{port}")], &[])
}

fn twilio_channel(url: &str, extra: &Value) -> Value {
    let mut twilio = json!({ "base_url": url, "account_sid": ACCOUNT });
    merge(&mut twilio, extra);
    json!({ "provider": "twilio", "timeout_ms": 1000, "twilio": twilio })
}

fn by_token(stub: &TwilioStub) -> TwilioSender {
    let extra = json!({ "auth_token": PASSWORD, "from": "+15005550006" });
    TwilioSender::new(&sms_channel(twilio_channel(&stub.url(), &extra)), &near(stub.port())).expect("a good channel")
}

#[tokio::test]
async fn twilio_gets_the_request_its_description_asks_for() {
    let stub = stub(ACCOUNT).await;
    let accepted = by_token(&stub).send(&sms()).await.expect("accepted");
    assert_eq!(accepted.provider_id.as_deref(), Some("SM0123456789abcdef0123456789abcdef"));
    let request = &stub.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json").as_str())
    );
    let form = request.form();
    let wanted: Vec<(String, String)> =
        [("To", NUMBER), ("From", "+15005550006"), ("Body", sms().body.as_str()), ("ValidityPeriod", "299")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .to_vec();
    assert_eq!(form, wanted);
    assert!(!request.target.contains(CODE) && !request.target.contains(PASSWORD));
}

#[tokio::test]
async fn an_api_key_a_service_and_a_callback_work_too() {
    let stub = stub(KEY).await;
    let extra = json!({
        "api_key_sid": KEY, "api_key_secret": PASSWORD, "messaging_service_sid": SERVICE,
        "status_callback": "https://panel.example/status",
    });
    // By way of the enum, and with a base URL that ends in a slash.
    let channel = sms_channel(twilio_channel(&format!("{}/", stub.url()), &extra));
    let begun = std::sync::atomic::AtomicBool::new(false);
    SmsTransport::new(&channel, &near(stub.port())).expect("channel").send(&sms(), &begun).await.expect("accepted");
    assert!(begun.into_inner(), "whoever waits for the answer knows that the provider may have it");
    let form = stub.requests()[0].form();
    assert!(form.contains(&("MessagingServiceSid".to_owned(), SERVICE.to_owned())));
    assert!(form.contains(&("StatusCallback".to_owned(), "https://panel.example/status".to_owned())));
    assert!(!form.iter().any(|(k, _)| k == "From"));
}

#[tokio::test]
async fn validity_is_the_remaining_life_within_twilio_s_bounds() {
    let stub = stub(ACCOUNT).await;
    let sender = by_token(&stub);
    for (life, wanted) in [(1, "1"), (300, "300"), (36_000, "36000"), (1_000_000, "36000")] {
        sender.send(&OutgoingSms { remaining_life: Duration::from_secs(life), ..sms() }).await.expect("accepted");
        let form = stub.requests().last().expect("a request").form();
        assert!(form.contains(&("ValidityPeriod".to_owned(), wanted.to_owned())), "{life}");
    }
    let before = stub.requests().len();
    let late = OutgoingSms { remaining_life: Duration::from_millis(999), ..sms() };
    assert_eq!(text_of(&sender.send(&late).await.expect_err("expired")), "permanent: expired");
    assert_eq!(stub.requests().len(), before);
}

#[tokio::test]
async fn bad_messages_are_refused_without_a_request() {
    let stub = stub(ACCOUNT).await;
    let sender = by_token(&stub);
    for number in
        ["", "4915112345678", "+49 151 12345678", "+49151\r\n12345", "+4915112345678&From=x", "whatsapp:+4915112345678"]
    {
        let error = sender.send(&OutgoingSms { to_e164: number.to_owned(), ..sms() }).await.expect_err(number);
        assert_eq!(text_of(&error), "permanent: number_invalid");
    }
    for body in ["", "a\0b", "a\u{2028}b", "a\rb", &"x".repeat(1601)] {
        let error = sender.send(&OutgoingSms { body: body.to_owned(), ..sms() }).await.expect_err("body");
        assert_eq!(text_of(&error), "permanent: body_invalid");
    }
    assert!(stub.requests().is_empty());
    // Awkward but legal: it arrives as it is and adds no parameter.
    let body = "a&From=%2B1666&To=x=y+z%0D%0A\nüß€";
    sender.send(&OutgoingSms { body: body.to_owned(), ..sms() }).await.expect("accepted");
    let form = stub.requests()[0].form();
    assert_eq!((form.len(), form[2].1.as_str()), (4, body));
}

#[tokio::test]
async fn twilio_s_errors_are_classified_and_give_nothing_away() {
    let stub = stub(ACCOUNT).await;
    let sender = by_token(&stub);
    let text = format!("to {NUMBER} {CODE}");
    for (status, code, wanted) in [
        (400, 21211, "permanent: recipient_refused (21211)"),
        (400, 21610, "permanent: opted_out (21610)"),
        (400, 21614, "permanent: recipient_refused (21614)"),
        (403, 21408, "permanent: region_not_enabled (21408)"),
        (401, 20003, "misconfigured: credentials_refused (20003)"),
        (404, 20404, "misconfigured: sender_refused (20404)"),
        (429, 20429, "temporary: provider_busy (20429)"),
        (500, 20500, "temporary: provider_busy (20500)"),
        (503, 20503, "temporary: provider_busy (20503)"),
    ] {
        stub.plan(twilio_error(status, code, &text));
        assert_eq!(text_of(&sender.send(&sms()).await.expect_err(wanted)), wanted);
    }
    let wrong = json!({ "auth_token": "wrong", "from": "+15005550006" });
    let sender =
        TwilioSender::new(&sms_channel(twilio_channel(&stub.url(), &wrong)), &near(stub.port())).expect("channel");
    assert_eq!(text_of(&sender.send(&sms()).await.expect_err("wrong")), "misconfigured: credentials_refused (20003)");
    assert!(!format!("{sender:?}").contains("wrong"));
}

#[tokio::test]
async fn retry_after_is_read_and_bounded() {
    let stub = stub(ACCOUNT).await;
    let sender = by_token(&stub);
    for (header, wanted) in [("7", Some(7)), ("999999", Some(3600)), ("soon", None), ("-1", None)] {
        let headers = vec![("retry-after".to_owned(), header.to_owned())];
        stub.plan(Reaction::Answer { status: 429, headers, body: Vec::new() });
        let error = sender.send(&sms()).await.expect_err("busy");
        let twofold_delivery::transport::SendError::Temporary { retry_after, .. } = error else { panic!("{error}") };
        assert_eq!(retry_after, wanted.map(Duration::from_secs), "{header}");
    }
}

#[tokio::test]
async fn after_the_request_silence_means_unknown_and_before_it_temporary() {
    let stub = stub(ACCOUNT).await;
    let sender = by_token(&stub);
    stub.plan(Reaction::Cut);
    assert_eq!(text_of(&sender.send(&sms()).await.expect_err("cut")), "unknown: cut_after_request");
    stub.plan(Reaction::Hang);
    assert_eq!(text_of(&sender.send(&sms()).await.expect_err("hang")), "unknown: timeout_after_request");
    assert_eq!(stub.requests().len(), 2, "one request per attempt, no retries underneath");

    // One limit for the whole, and never longer than the code lives.
    let patient = json!({ "auth_token": PASSWORD, "from": "+15005550006" });
    let mut channel = twilio_channel(&stub.url(), &patient);
    channel["timeout_ms"] = json!(30_000);
    let sender = TwilioSender::new(&sms_channel(channel), &near(stub.port())).expect("channel");
    stub.plan(Reaction::Hang);
    let short = OutgoingSms { remaining_life: Duration::from_millis(1100), ..sms() };
    let error = tokio::time::timeout(Duration::from_secs(10), sender.send(&short)).await.expect("in time");
    assert_eq!(text_of(&error.expect_err("hangs")), "unknown: timeout_after_request");

    let port = stub.port();
    drop(stub);
    let extra = json!({ "auth_token": PASSWORD, "from": "+15005550006" });
    let channel = sms_channel(twilio_channel(&format!("http://127.0.0.1:{port}"), &extra));
    let sender = TwilioSender::new(&channel, &near(port)).expect("channel");
    // The listener goes with its task, at the latest when the runtime gets round to it.
    tokio::task::yield_now().await;
    assert_eq!(text_of(&sender.send(&sms()).await.expect_err("nobody there")), "temporary: connect_failed");
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = mute.local_addr().expect("address").port();
    let channel = sms_channel(twilio_channel(&format!("https://127.0.0.1:{port}"), &extra));
    let sender = TwilioSender::new(&channel, &near(port)).expect("channel");
    assert_eq!(text_of(&sender.send(&sms()).await.expect_err("no handshake")), "temporary: connect_failed");
}

#[tokio::test]
async fn answers_are_bounded_and_redirects_not_followed() {
    let other = HttpStub::start(|_| Reaction::status(200)).await.expect("stub");
    let target = other.url();
    let stub = HttpStub::start(move |request| match request.target.as_str() {
        "/redirect" => {
            Reaction::Answer { status: 307, headers: vec![("location".to_owned(), target.clone())], body: Vec::new() }
        }
        "/huge" => Reaction::Answer { status: 400, headers: Vec::new(), body: vec![b'x'; 3 << 20] },
        _ => Reaction::status(200),
    })
    .await
    .expect("stub");
    for (path, wanted) in
        [("/redirect", "misconfigured: redirected (307)"), ("/huge", "permanent: message_refused (400)")]
    {
        let error = http_sender(&stub, path, &json!({})).send(&sms()).await.expect_err(wanted);
        assert_eq!(text_of(&error), wanted);
    }
    http_sender(&stub, "/ok", &json!({})).send(&sms()).await.expect("accepted");
    assert!(other.requests().is_empty());
}

fn http_channel(url: &str, extra: &Value) -> Value {
    let mut http = json!({
        "url": url, "format": "json", "headers": { "X-Api-Key": PASSWORD },
        "body": "{\"to\": {{ to }}, \"text\": {{ body }}, \"ttl\": {{ validity_secs }}, \"ref\": {{ reference }}}",
    });
    merge(&mut http, extra);
    json!({ "provider": "http", "timeout_ms": 1000, "http": http })
}

fn http_sender(stub: &HttpStub, path: &str, extra: &Value) -> HttpSmsSender {
    let channel = sms_channel(http_channel(&format!("{}{path}", stub.url()), extra));
    HttpSmsSender::new(&channel, &near(stub.port())).expect("a good channel")
}

#[tokio::test]
async fn a_described_provider_gets_what_was_described() {
    let stub = HttpStub::start(|_| Reaction::status(202)).await.expect("stub");
    let evil = OutgoingSms { body: "\",\"to\":\"x\"}&to=y\n{{ to }}%".to_owned(), ..sms() };
    http_sender(&stub, "/json?x=1", &json!({})).send(&evil).await.expect("accepted");
    let form = json!({ "format": "form", "method": "PUT", "body": "to={{ to_digits }}&text={{ body }}" });
    http_sender(&stub, "/form", &form).send(&evil).await.expect("accepted");

    let got = stub.requests();
    let body: Value = serde_json::from_slice(&got[0].body).expect("JSON");
    assert_eq!(body, json!({ "to": NUMBER, "text": evil.body, "ttl": 299, "ref": "m-1" }));
    assert_eq!((got[0].method.as_str(), got[0].target.as_str()), ("POST", "/json?x=1"));
    assert_eq!((got[0].header("content-type"), got[0].header("x-api-key")), ("application/json", PASSWORD));
    let wanted = vec![("to".to_owned(), NUMBER[1..].to_owned()), ("text".to_owned(), evil.body.clone())];
    assert_eq!((got[1].method.as_str(), got[1].form()), ("PUT", wanted));
}

#[tokio::test]
async fn a_described_provider_s_answers_are_classified() {
    let stub = HttpStub::start(|request| {
        request.target.trim_start_matches("/s").parse().map_or(Reaction::Cut, Reaction::status)
    })
    .await
    .expect("stub");
    for (path, wanted) in [
        ("/s201", "unknown: unexpected_status (201)"),
        ("/s302", "misconfigured: redirected (302)"),
        ("/s400", "permanent: message_refused (400)"),
        ("/s401", "misconfigured: credentials_refused (401)"),
        ("/s404", "misconfigured: request_refused (404)"),
        ("/s429", "temporary: provider_busy (429)"),
        ("/s503", "temporary: provider_busy (503)"),
        ("/cut", "unknown: cut_after_request"),
    ] {
        let sender = http_sender(&stub, path, &json!({ "success_status": [200] }));
        assert_eq!(text_of(&sender.send(&sms()).await.expect_err(wanted)), wanted);
        assert!(!format!("{sender:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn urls_that_lead_inside_are_refused_when_saved_or_when_used() {
    let stub = HttpStub::start(|_| Reaction::status(200)).await.expect("stub");
    let port = stub.port();
    let nobody = around(&[], &[]);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.64.0.1",
        "①②⑦.0.0.1",
    ] {
        let channel = sms_channel(http_channel(&format!("https://{host}:{port}/"), &json!({})));
        let errors = HttpSmsSender::new(&channel, &nobody).expect_err(host);
        assert_eq!(errors.0[0].field, "http.url", "{host}");
    }
    for host in ["localhost", "LOCALHOST"] {
        let channel = sms_channel(http_channel(&format!("https://{host}:{port}/"), &json!({})));
        let sender = HttpSmsSender::new(&channel, &nobody).expect(host);
        assert_eq!(text_of(&sender.send(&sms()).await.expect_err(host)), "misconfigured: address_refused", "{host}");
    }
    let plain = sms_channel(http_channel("http://sms.example/", &json!({})));
    assert_eq!(HttpSmsSender::new(&plain, &nobody).expect_err("plain").0[0].problem, "must be https");
    let unknown = sms_channel(http_channel("https://no-such-host.invalid/", &json!({})));
    let error = HttpSmsSender::new(&unknown, &nobody).expect("channel").send(&sms()).await.expect_err("unknown");
    assert_eq!(text_of(&error), "temporary: host_not_found");
    assert!(stub.requests().is_empty());
}

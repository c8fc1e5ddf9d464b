//! One trace from the request at an API process to the message that another process sends.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use twofold_test_support::{HttpStub, Reaction, SinkOptions, SmtpSink};

use super::stage::{Stage, post};
use crate::support::{Server, eventually};

const SOON: Duration = Duration::from_secs(20);

/// Trace ids of exported spans: field 1 of a span, 16 bytes, followed by field 2, the span's own id, 8 bytes (OTLP
/// specification, trace.proto).
fn traces(stub: &HttpStub) -> BTreeSet<Vec<u8>> {
    let bodies = stub.requests();
    let ids = |body: &[u8]| -> Vec<Vec<u8>> {
        let spans = body.windows(28).filter(|window| window[..2] == [0x0a, 16] && window[18..20] == [0x12, 8]);
        spans.map(|window| window[2..18].to_vec()).collect()
    };
    bodies.iter().flat_map(|request| ids(&request.body)).collect()
}

fn names(stub: &HttpStub, name: &str) -> bool {
    stub.requests().iter().any(|request| request.body.windows(name.len()).any(|window| window == name.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_append_and_the_message_it_asked_for_are_one_trace() {
    let stage = Stage::initialised();
    let key = stage.tenant("acme", "hostkey");
    let sink = SmtpSink::start(&SinkOptions::default()).expect("a mail server");
    let mail = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"a@example.org\"\n",
        sink.port()
    );
    stage.home.write("mail.toml", &mail);
    stage.run(&["tenant", "channel", "acme", "email", "--file", "mail.toml"]).code(0);
    let (of_api, of_deliver) = (collector().await, collector().await);
    let begin = |role: &str, collector: &HttpStub| -> Server {
        let mut command = stage.command(&[role, "--listen", "127.0.0.1:0"]);
        command.env("TWOFOLD__TELEMETRY__OTLP_ENDPOINT", collector.url());
        let mut server = stage.home.start(&mut command, role);
        server.listening();
        server.ready();
        server
    };
    let (api, deliver) = (begin("api", &of_api), begin("deliver", &of_deliver));
    assert_eq!(api.ask("PUT", "/v1/users/bob", &key, "{}").0, 200);
    let set_up = json!({ "method": "email", "destination": "bob@example.org", "reauth": { "confirmed": true } });
    post(&api, &key, "/v1/users/bob/enrolments", &set_up, 201);
    eventually("a mail", SOON, || sink.messages().expect("readable").pop());
    // What still waits to be exported is sent at the end.
    for server in [api, deliver] {
        server.signal("TERM");
        assert!(server.wait().success());
    }
    assert!(names(&of_api, "append") && names(&of_api, "POST /v1/users/{user}/enrolments"));
    let (asked, carried) = (traces(&of_api), traces(&of_deliver));
    assert!(asked.intersection(&carried).next().is_some(), "{} and {} traces", asked.len(), carried.len());
}

async fn collector() -> HttpStub {
    HttpStub::start(|_| Reaction::status(200)).await.expect("a collector")
}

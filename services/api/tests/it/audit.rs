//! The audit trail over HTTP (C18, C27).

use serde_json::{Value, json};
use twofold_api::ApiConfig;

use crate::support::{Tenant, TestApp, totp_code};

async fn a_life(tenant: &Tenant<'_>) {
    tenant.user("alice", json!({ "email": "alice@example.com" })).await;
    tenant.enrol_totp("alice").await;
    let body = json!({ "code": "000000", "client": { "ip": "203.0.113.7", "user_agent": "Firefox\r\n1" } });
    tenant.post("/v1/users/alice/verify").header("x-request-id", "login-7").json(&body).expect(422).await;
    let body = json!({ "actor": { "type": "support", "id": "Sam" }, "reason": "=HYPERLINK(\"x\"), lost phone", "client": { "ip": "198.51.100.9" } });
    tenant.post("/v1/users/alice/reset").json(&body).expect(200).await;
}

fn kinds(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|item| item["kind"].as_str().expect("kind")).collect()
}

#[tokio::test]
async fn every_event_is_there_with_who_why_and_a_sentence() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let page = tenant.audit("&user=ALICE").await;
    let wanted = [
        "user.registered",
        "enrolment.started",
        "enrolment.confirmed",
        "two_factor.enabled",
        "recovery_codes.generated",
        "delivery.requested",
        "verification.failed",
        "two_factor.reset",
    ];
    for kind in wanted {
        assert!(kinds(&page).contains(&kind), "{kind} is missing: {:?}", kinds(&page));
    }
    assert!(page["position"].as_u64() >= Some(app.head().await.0));
    let items = page["items"].as_array().expect("items");
    assert!(
        items
            .iter()
            .all(|item| item["user"] == "alice" && item["text"].as_str().is_some_and(|text| text.ends_with('.')))
    );
    let failed = items.iter().find(|item| item["kind"] == "verification.failed").expect("there");
    assert_eq!(failed["request_id"], "login-7");
    assert_eq!((failed["ip"].as_str(), failed["user_agent"].as_str()), (Some("203.0.113.7"), Some("Firefox  1")));
    assert_eq!(
        (failed["details"]["reason"].as_str(), failed["details"]["method"].as_str()),
        (Some("wrong_code"), Some("totp"))
    );
    assert_eq!(
        failed["text"],
        "A code was not accepted: authenticator app, to log in; the code was wrong (by the user)."
    );
    let reset = items.iter().find(|item| item["kind"] == "two_factor.reset").expect("there");
    assert_eq!(reset["actor"], json!({ "type": "support", "id": "sam" }));
    assert_eq!(reset["reason"], "=HYPERLINK(\"x\"), lost phone");
    let of_user = tenant.get("/v1/users/alice/audit?order=asc&limit=500").expect(200).await;
    assert_eq!(of_user["items"], page["items"]);
}

#[tokio::test]
async fn filters_leave_what_they_say() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let kinds_of =
        async |query: &str| kinds(&tenant.audit(query).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(kinds_of("&outcome=failure").await, ["verification.failed"]);
    assert_eq!(
        kinds_of("&kind=verification.failed,two_factor.reset&kind=user.registered").await,
        ["user.registered", "verification.failed", "two_factor.reset"]
    );
    assert_eq!(kinds_of("&request_id=login-7").await, ["verification.failed"]);
    assert!(kinds_of("&actor=sam").await.contains(&"two_factor.reset".to_owned()));
    assert!(!kinds_of("&actor=sam").await.contains(&"user.registered".to_owned()));
    assert!(kinds_of("&actor_type=support").await.contains(&"two_factor.reset".to_owned()));
    assert_eq!(kinds_of("&user=nobody").await, Vec::<String>::new());
    assert_eq!(kinds_of("&to=2020-01-01T00:00:00Z").await, Vec::<String>::new());
    assert!(kinds_of("&from=2020-01-01T00:00:00%2B02:00").await.contains(&"tenant.created".to_owned()));
}

#[tokio::test]
async fn pages_follow_each_other_in_both_orders() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let all = tenant.audit("").await;
    for order in ["asc", "desc"] {
        let mut seen: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = tenant.get(&format!("/v1/audit?limit=3&order={order}{cursor}")).expect(200).await;
            seen.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        if order == "desc" {
            seen.reverse();
        }
        assert_eq!(Value::from(seen), all["items"], "{order}");
    }
}

/// A cursor is bound to its tenant.
#[tokio::test]
async fn a_foreign_cursor_is_refused() {
    let app = TestApp::start().await;
    let (one, two) = (app.tenant("one", json!({})).await, app.tenant("two", json!({})).await);
    a_life(&one).await;
    one.audit("").await;
    let page = one.get("/v1/audit?limit=1").expect(200).await;
    let path = format!("/v1/audit?limit=1&cursor={}", page["next_cursor"].as_str().expect("more"));
    one.get(&path).expect(200).await;
    assert_eq!(two.get(&path).expect(400).await["code"], "invalid_cursor");
}

#[tokio::test]
async fn after_erasure_the_events_stay_and_the_person_is_gone() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let before = tenant.audit("").await["items"].as_array().expect("items").len();
    tenant.call("DELETE", "/v1/users/alice").expect(204).await;
    let head = app.head().await.0;
    let page = tenant.get(&format!("/v1/users/alice/audit?order=asc&limit=500&min_position={head}")).expect(200).await;
    let items = page["items"].as_array().expect("items");
    assert!(kinds(&page).contains(&"user.erased"));
    assert!(
        items.iter().all(|item| ["user", "ip", "user_agent", "reason"].iter().all(|field| item[field].is_null())
            && item["actor"]["id"].is_null()),
        "{page}"
    );
    assert!(!page.to_string().contains("alice"));
    assert!(tenant.audit("").await["items"].as_array().expect("items").len() > before);
    let state = tenant.get("/v1/users/alice/state").expect(200).await;
    assert_eq!((state["erased"].as_bool(), state.to_string().contains("alice")), (Some(true), false));
}

#[tokio::test]
async fn ndjson_has_one_event_on_each_line() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let page = tenant.audit("").await;
    for call in [
        tenant.get("/v1/audit?order=asc&format=ndjson"),
        tenant.get("/v1/audit?order=asc").header("accept", "application/x-ndjson"),
    ] {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
        let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(Value::from(lines), page["items"]);
    }
}

#[tokio::test]
async fn csv_is_harmless_in_a_spreadsheet() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let page = tenant.audit("").await;
    let answer = tenant.get("/v1/audit?order=asc").header("accept", "text/csv").send().await;
    assert!(answer.header("content-type").starts_with("text/csv"));
    let mut lines = answer.text.split("\r\n");
    assert_eq!(
        lines.next(),
        Some("position,index,at,kind,user,actor_type,actor_id,request_id,ip,user_agent,reason,details,text")
    );
    assert_eq!(lines.filter(|line| !line.is_empty()).count(), page["items"].as_array().expect("items").len());
    assert!(answer.text.contains("\"'=HYPERLINK(\"\"x\"\"), lost phone\""), "{}", answer.text);
    assert!(!answer.text.replace("\r\n", "").contains(['\r', '\n']));
}

#[tokio::test]
async fn a_cut_export_says_so_and_can_be_continued() {
    let app = TestApp::start_with(ApiConfig { max_export_rows: 4, ..ApiConfig::default() }).await;
    let tenant = app.tenant("one", json!({})).await;
    a_life(&tenant).await;
    let page = tenant.audit("").await;
    let mut seen: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = tenant.get(&format!("/v1/audit?order=asc&format=ndjson{cursor}")).send().await;
        assert_eq!(answer.header("twofold-export-max-rows"), "4");
        let mut lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let cut = lines.pop_if(|line| line["kind"] == "export.cut");
        seen.extend(lines);
        let Some(cut) = cut else { break };
        cursor = format!("&cursor={}", cut["next_cursor"].as_str().expect("a cursor"));
    }
    assert_eq!(Value::from(seen), page["items"]);
    let csv = tenant.get("/v1/audit?order=asc&format=csv").send().await;
    assert!(csv.text.trim_end().rsplit("\r\n").next().expect("a line").contains("Cut after 4 rows"), "{}", csv.text);
}

/// S2-12: support sees that the phone's clock is off; the caller does not.
#[tokio::test]
async fn support_sees_the_drift() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    let (secret, _) = tenant.enrol_totp("alice").await;
    app.clock.advance_secs(300);
    let late = twofold_domain::Timestamp(app.now().0 - 150_000);
    let refused =
        tenant.post("/v1/users/alice/verify").json(&json!({ "code": totp_code(&secret, late) })).expect(422).await;
    assert!(!refused.to_string().contains("drift"));
    let page = tenant.audit("&kind=verification.failed").await;
    assert_eq!(page["items"][0]["details"]["drift_steps"], -5);
    assert!(page["items"][0]["text"].as_str().expect("text").contains("5 steps behind"));
}

#[tokio::test]
async fn a_position_that_never_comes_is_a_503() {
    let config = ApiConfig { max_read_wait: std::time::Duration::from_millis(50), ..ApiConfig::default() };
    let app = TestApp::start_with(config).await;
    let tenant = app.tenant("one", json!({})).await;
    let answer = tenant.get("/v1/audit?min_position=999999").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "read_model_behind"));
    assert!(!answer.header("retry-after").is_empty());
}

/// Longer than one page of the read model: nothing is lost or repeated at the seams.
#[tokio::test]
async fn an_export_spans_pages() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    for number in 0..1_040 {
        tenant.user("alice", json!({ "locale": if number % 2 == 0 { "en" } else { "de" } })).await;
    }
    let head = app.head().await.0;
    let answer = tenant.get(&format!("/v1/users/alice/audit?order=asc&format=ndjson&min_position={head}")).send().await;
    let places: Vec<(u64, u64)> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|item| (item["position"].as_u64().expect("a number"), item["index"].as_u64().expect("a number")))
        .collect();
    assert_eq!(places.len(), 1_040);
    assert!(places.is_sorted_by(|a, b| a < b));
    let few = tenant.get("/v1/audit?format=csv&limit=7").send().await;
    assert_eq!(few.text.trim_end().split("\r\n").count(), 1 + 7 + 1, "header, rows, and where it was cut");
}

//! The document and its page.

use std::collections::BTreeSet;

use serde_json::Value;
use twofold_api::Condition;

use crate::support::TestApp;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_document_is_complete() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").expect(200).await;
    assert_eq!(document, serde_json::to_value(twofold_api::openapi_document()).expect("JSON"), "served as generated");
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1."));
    assert!(!document["info"]["title"].as_str().expect("a title").is_empty());
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let what = format!("{method} {path}");
            let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{what} has no responses"));
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what}");
            assert!(responses.values().all(|response| response["description"].is_string()), "{what}");
            let described = |field: &str| operation[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(described("summary") || described("description"), "{what} is not described");
            assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{what} has no tag");
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            assert!(!id.is_empty() && ids.insert(id.clone()), "{what}: operationId {id:?} is empty or not unique");
            let named: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|p| p["in"] == "path")
                .filter_map(|p| p["name"].as_str())
                .collect();
            let wanted: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, wanted, "{what}");
        }
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// The page works without the internet: nothing in it is loaded from elsewhere.
#[tokio::test]
async fn the_page_is_served_from_here() {
    let app = TestApp::start().await;
    let mut page = app.get("/docs").send().await;
    if (300..400).contains(&page.status) {
        page = app.get(page.header("location")).send().await;
    }
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let mut looked_at = 0;
    for part in page.text.split(['<', '>']).filter(|part| part.starts_with("script") || part.starts_with("link")) {
        for attribute in ["src=\"", "href=\""] {
            let Some(rest) = part.split(attribute).nth(1) else { continue };
            let url = rest.split('"').next().expect("a value");
            assert!(!url.contains("//"), "{url}");
            let file = app.get(&format!("/docs/{}", url.trim_start_matches("./"))).send().await;
            assert_eq!(file.status, 200, "{url}");
            if url.contains("initializer") {
                assert!(file.text.contains("/openapi.json"), "{}", file.text);
                assert!(!file.text.contains("http://") && !file.text.contains("https://"), "{}", file.text);
            }
            looked_at += 1;
        }
    }
    assert!(looked_at >= 3, "{}", page.text);
    for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.text.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn health_and_metrics_need_no_key() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").send().await.text, "ok\n");
    assert_eq!(app.get("/readyz").expect(200).await["ready"], true);
    let metrics = app.get("/metrics").send().await;
    assert!(
        metrics.text.contains("twofold_http_responses_2xx_total") && metrics.text.ends_with("# EOF\n"),
        "{}",
        metrics.text
    );
    let said = |name: &'static str| vec![(name, "away".to_owned())];
    app.readiness.state(Condition { degraded: said("database"), ..Condition::default() });
    assert_eq!(app.get("/readyz").expect(200).await["degraded"]["database"], "away");
    app.readiness.state(Condition { troubles: said("event_log"), degraded: said("database") });
    let not_ready = app.get("/readyz").expect(503).await;
    assert_eq!((&not_ready["ready"], &not_ready["troubles"]["event_log"]), (&false.into(), &"away".into()));
    assert_eq!(app.get("/healthz").send().await.status, 200);
}

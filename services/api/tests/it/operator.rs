//! What the operator does.

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn tenants_are_made_listed_and_looked_at() {
    let app = TestApp::start().await;
    let create = |body: Value| app.post("/v1/operator/tenants").key(&app.operator).json(&body).send();
    let made = create(json!({ "name": "hosting", "preset": "hostkey", "settings": { "brand": "Hosting" } })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert!(made.get("keys").is_none());
    let path = format!("/v1/operator/tenants/{}", made["id"].as_str().expect("id"));
    let seen = app.get(&path).key(&app.operator).expect(200).await;
    assert_eq!(
        (seen["name"].as_str(), seen["preset"].as_str(), seen["suspended"].as_bool()),
        (Some("hosting"), Some("hostkey"), Some(false))
    );
    assert_eq!((seen["document"]["brand"].as_str(), seen["keys"].clone()), (Some("Hosting"), json!([])));
    for (body, status, code) in [
        (json!({ "name": "hosting" }), 409, "tenant_exists"),
        (json!({ "name": "platform" }), 409, "tenant_exists"),
        (json!({ "name": "Not a name" }), 422, "invalid_field"),
        (json!({ "name": "x", "preset": "none" }), 422, "invalid_field"),
        (json!({ "name": "x", "settings": [] }), 422, "invalid_field"),
        (json!({ "name": "x", "settings": { "brand": 5 } }), 422, "invalid_settings"),
        (json!({ "name": "x", "settings": { "templates": { "xx": {} } } }), 422, "invalid_field"),
        (json!({ "name": "x", "owner": "y" }), 422, "invalid_body"),
    ] {
        let answer = create(body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
    }
    for name in ["b", "c", "d"] {
        assert_eq!(create(json!({ "name": name })).await.status, 201);
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("/v1/operator/tenants?limit=3{cursor}")).key(&app.operator).expect(200).await;
        names.extend(
            page["items"].as_array().expect("items").iter().map(|item| item["name"].as_str().expect("name").to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    names.sort_unstable();
    assert_eq!(names, ["b", "c", "d", "hosting"], "the platform's own tenant is not among them");
    app.get("/v1/operator/tenants?cursor=x").key(&app.operator).expect(400).await;
}

#[tokio::test]
async fn a_key_made_by_the_operator_works_and_never_is_an_operators() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let path = format!("/v1/operator/tenants/{}/api-keys", tenant.id);
    let made = app.post(&path).key(&app.operator).json(&json!({ "label": "again" })).expect(201).await;
    app.get("/v1/settings").key(made["key"].as_str().expect("key")).expect(200).await;
    app.post(&path).key(&app.operator).json(&json!({ "label": "x", "scopes": ["operator"] })).expect(422).await;
    for missing in ["tnaaaaaaaaaaaaaaaaaaaaaaaaaa", "none", "%00"] {
        for (method, rest) in [("GET", ""), ("POST", "/suspend"), ("POST", "/resume")] {
            let refused =
                app.call(method, &format!("/v1/operator/tenants/{missing}{rest}")).key(&app.operator).expect(404).await;
            assert_eq!(refused["code"], "tenant_not_found");
        }
    }
}

//! The route table of the sweeps. A route of the document that is missing here fails a test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Call;

/// What a key needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A provider's, over the address.
    Signature,
    AnyKey,
    Scope(&'static str),
    Operator,
}

/// A route with a body that it can read.
#[derive(Debug, Clone)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
    pub body: Option<Value>,
}

impl Route {
    /// Puts the body in: JSON, or a mail where the body is a text.
    pub fn load(&self, call: Call) -> Call {
        match &self.body {
            None => call,
            Some(Value::String(mail)) => call.bytes("message/rfc822", mail.clone().into_bytes()),
            Some(body) => call.json(body),
        }
    }
}

/// A bounce of a mail that nobody sent.
const BOUNCE: &str = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
    --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
    Action: failed\r\nStatus: 5.1.1\r\n\r\n\
    --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <msaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org>\r\n\r\n--b--\r\n";

const fn bare(method: &'static str, path: &'static str, needs: Needs) -> Route {
    Route { method, path, needs, body: None }
}

fn with(method: &'static str, path: &'static str, needs: Needs, body: Value) -> Route {
    Route { method, path, needs, body: Some(body) }
}

pub fn routes() -> Vec<Route> {
    use Needs::{AnyKey, Nothing, Operator, Scope, Signature};
    let (login, users, audit, settings, keys) =
        (Scope("login"), Scope("users"), Scope("audit"), Scope("settings"), Scope("keys"));
    let delivery = Scope("delivery");
    let listed = json!({ "channel": "email", "destination": "ada@example.net", "reason": "swept" });
    let code = json!({ "code": "123456" });
    vec![
        bare("GET", "/healthz", Nothing),
        bare("GET", "/readyz", Nothing),
        bare("GET", "/metrics", Nothing),
        bare("GET", "/v1/users/{user}", login),
        with("PUT", "/v1/users/{user}", users, json!({ "email": "x@example.com" })),
        bare("DELETE", "/v1/users/{user}", users),
        with("POST", "/v1/users/{user}/verify", login, code.clone()),
        with("POST", "/v1/users/{user}/challenges", login, json!({})),
        bare("GET", "/v1/users/{user}/challenges/{challenge}", login),
        with("POST", "/v1/users/{user}/challenges/{challenge}/verify", login, code.clone()),
        with("POST", "/v1/users/{user}/challenges/{challenge}/resend", login, json!({})),
        with("POST", "/v1/users/{user}/challenges/{challenge}/disable", login, json!({})),
        with(
            "POST",
            "/v1/users/{user}/enrolments",
            login,
            json!({ "method": "totp", "reauth": { "confirmed": true } }),
        ),
        with("POST", "/v1/users/{user}/enrolments/{enrolment}/confirm", login, code),
        with("POST", "/v1/users/{user}/enrolments/{enrolment}/resend", login, json!({})),
        with("POST", "/v1/users/{user}/authenticator/reset", users, json!({ "actor": { "type": "system" } })),
        with("POST", "/v1/users/{user}/reset", users, json!({ "actor": { "type": "system" } })),
        with("POST", "/v1/users/{user}/disable", users, json!({ "actor": { "type": "system" } })),
        with("POST", "/v1/users/{user}/recovery-codes", users, json!({ "reauth": { "confirmed": true } })),
        with("POST", "/v1/users/{user}/unlock", users, json!({ "actor": { "type": "system" } })),
        bare("GET", "/v1/users/{user}/audit", audit),
        bare("GET", "/v1/users/{user}/state", audit),
        bare("GET", "/v1/audit", audit),
        bare("GET", "/v1/deliveries", audit),
        bare("GET", "/v1/deliveries/{message}", audit),
        with("POST", "/v1/deliveries/bounces", delivery, json!(BOUNCE)),
        bare("GET", "/v1/suppressions", delivery),
        with("PUT", "/v1/suppressions", delivery, listed.clone()),
        with("POST", "/v1/suppressions/release", delivery, listed),
        with(
            "POST",
            "/v1/suppressions/lookup",
            delivery,
            json!({ "channel": "email", "destination": "ada@example.net" }),
        ),
        bare("POST", "/v1/callbacks/twilio/{tenant}/{provider}/{message}", Signature),
        bare("POST", "/v1/callbacks/twilio/{tenant}/{provider}/inbound", Signature),
        bare("GET", "/v1/settings", settings),
        with("PATCH", "/v1/settings", settings, json!({ "brand": "Swept" })),
        bare("GET", "/v1/channels/{channel}", settings),
        with("PUT", "/v1/channels/{channel}", settings, json!({ "host": "mail.example.com" })),
        bare("DELETE", "/v1/channels/{channel}", settings),
        with("POST", "/v1/channels/{channel}/test", settings, json!({ "to": "x@example.com" })),
        bare("GET", "/v1/delivery", settings),
        with("POST", "/v1/delivery/pause", settings, json!({ "channel": "sms", "reason": "swept" })),
        with("POST", "/v1/delivery/resume", settings, json!({ "channel": "sms", "reason": "swept" })),
        with("POST", "/v1/templates/preview", settings, json!({ "channel": "sms", "kind": "login_code" })),
        bare("GET", "/v1/accounts/{account}", settings),
        with("PUT", "/v1/accounts/{account}", settings, json!({ "overrides": {} })),
        bare("GET", "/v1/api-keys", keys),
        with("POST", "/v1/api-keys", keys, json!({ "label": "swept" })),
        bare("DELETE", "/v1/api-keys/{key}", keys),
        bare("GET", "/v1/test/messages", login),
        bare("GET", "/v1/messages", login),
        bare("GET", "/v1/presets", AnyKey),
        bare("GET", "/v1/presets/{name}", AnyKey),
        bare("GET", "/v1/operator/tenants", Operator),
        with("POST", "/v1/operator/tenants", Operator, json!({ "name": "swept" })),
        bare("GET", "/v1/operator/tenants/{tenant}", Operator),
        bare("POST", "/v1/operator/tenants/{tenant}/suspend", Operator),
        bare("POST", "/v1/operator/tenants/{tenant}/resume", Operator),
        with("POST", "/v1/operator/tenants/{tenant}/api-keys", Operator, json!({ "label": "swept" })),
    ]
}

/// Method and path of every operation of a document.
pub fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().expect("an item").keys().map(move |method| (method, path)));
    let methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
    operations
        .filter(|(method, _)| methods.contains(&method.as_str()))
        .map(|(method, path)| (method.to_uppercase(), path.clone()))
        .collect()
}

#[test]
fn every_route_of_the_document_is_in_the_table() {
    let document = serde_json::to_value(twofold_api::openapi_document()).expect("JSON");
    let table =
        routes().into_iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect::<BTreeSet<_>>();
    assert_eq!(documented(&document), table, "left: the document, right: the table of the sweeps");
}

/// What belongs to nobody in particular.
const EVERYWHERE: [(&str, &str); 4] =
    [("channel", "email"), ("name", "ipi"), ("provider", "default"), ("message", "msaaaaaaaaaaaaaaaaaaaaaaaaaa")];

/// Fills a path in.
pub fn fill(path: &str, ids: &[(&str, &str)]) -> String {
    let mut filled = path.to_owned();
    for (name, value) in ids.iter().chain(&EVERYWHERE) {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    assert!(!filled.contains('{'), "{filled}");
    filled
}

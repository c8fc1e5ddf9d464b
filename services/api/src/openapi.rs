//! The OpenAPI 3.1 document, made from the routes.

use utoipa::Modify;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, OpenApi};

use crate::http::Problem;

/// The groups of routes, in the order in which a panel developer meets them.
const TAGS: [(&str, &str); 11] = [
    ("login", "After the password: what must the page show, and is this code right?"),
    ("enrolment", "Setting a factor up from the profile page"),
    ("users", "Telling of users, and how they stand"),
    ("changes", "Reset, disable, new recovery codes, unlock"),
    ("audit", "What happened, and why a login failed"),
    ("callbacks", "What providers and mail systems say of messages, and where none may go"),
    ("test", "The messages of test users"),
    ("settings", "The tenant's rules, texts, channels and accounts"),
    ("keys", "API keys"),
    ("operator", "Tenants; for operator keys"),
    ("operations", "Health and metrics"),
];

/// The document, for `/openapi.json` and for `twofold openapi`.
pub fn document() -> OpenApi {
    finish(crate::routes::documented().to_openapi())
}

/// Title, description, the bearer scheme, and the problem answers every route has.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Twofold")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Two-factor authentication for hosting panels. The panel checks the password; Twofold does everything after it. \
             Every error is application/problem+json with a stable `code`. A code that is not accepted never answers 200.",
        ))
        .build();
    Bearer.modify(&mut document);
    let tags = TAGS.iter().map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build());
    document.tags = Some(tags.collect());
    name_operations(&mut document);
    document
}

/// Every operation gets a unique name made of method and path, for generated clients: `get_users_user_audit`.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> =
            path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty() && *word != "v1").collect();
        let path = words.join("_");
        for (method, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{path}"));
            }
        }
    }
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("tf_live_… or tf_test_…").build();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        components.schemas.insert("Problem".to_owned(), <Problem as utoipa::PartialSchema>::schema());
        document.security = Some(vec![SecurityRequirement::new("api_key", Vec::<String>::new())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_in_a_described_group() {
        let document = serde_json::to_value(document()).expect("JSON");
        let known: Vec<&str> = TAGS.iter().map(|(name, _)| *name).collect();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for operation in item.as_object().expect("operations").values() {
                let tag = operation["tags"][0].as_str().unwrap_or_default();
                assert!(known.contains(&tag), "{path}: {tag}");
            }
        }
    }
}

//! JSON bodies: the right content type, a bounded size, no unknown fields, and an error that says where it is wrong.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::app::App;

/// A JSON body, and its bytes for idempotency. An empty body reads as `{}`, so that actions without fields need none.
#[derive(Debug)]
pub struct Body<T> {
    /// The value.
    pub value: T,
    /// The bytes.
    pub raw: Bytes,
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let is_json = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
            let essence = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
            essence.eq_ignore_ascii_case(b"application/json")
                || essence.eq_ignore_ascii_case(b"application/merge-patch+json")
        });
        let limit = app.config.max_body_bytes;
        let raw = axum::body::to_bytes(request.into_body(), limit).await.map_err(|_| {
            let detail = format!("a request body is at most {limit} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
        })?;
        if raw.is_empty() {
            return read(b"{}", &raw);
        }
        if !is_json {
            let detail = "send Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Not JSON", detail));
        }
        read(&raw, &raw)
    }
}

/// No body, or an empty object.
#[derive(Debug)]
pub struct Empty;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

impl FromRequest<App> for Empty {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        Body::<NoFields>::from_request(request, app).await.map(|_| Self)
    }
}

fn read<T: DeserializeOwned>(text: &[u8], raw: &Bytes) -> Result<Body<T>, Problem> {
    // Read into a type, an array would do as well as an object, its items taken for the fields in their order (C19).
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Ok(_) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_body",
                "The body does not fit",
                "a body is a JSON object",
            ),
            Err(error) => Problem::bad_request("malformed_json", error.to_string()),
        });
    }
    match serde_json::from_slice(text) {
        Ok(value) => Ok(Body { value, raw: raw.clone() }),
        Err(error) if error.is_data() => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_body",
            "The body does not fit",
            without_value(&error.to_string()),
        )),
        Err(error) => Err(Problem::bad_request("malformed_json", error.to_string())),
    }
}

/// What does not fit, without the value that was sent: it may be a code in the wrong place, and panels log what they are
/// answered (C29).
fn without_value(text: &str) -> String {
    let told = ["invalid type: ", "invalid value: ", "unknown variant "].into_iter().find_map(|start| {
        let (sent, expected) = text.strip_prefix(start)?.rsplit_once(", expected ")?;
        let kind = sent.split(['`', '"']).next().unwrap_or_default();
        Some(format!("{}, expected {expected}", format!("{start}{kind}").trim_end_matches([' ', ':'])))
    });
    told.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn values_are_not_told_and_the_rest_is() {
        for (text, wanted) in [
            (
                "invalid type: integer `123456`, expected a string at line 1",
                "invalid type: integer, expected a string at line 1",
            ),
            ("invalid type: string \"a, expected b\", expected a boolean", "invalid type: string, expected a boolean"),
            ("invalid type: map, expected a string", "invalid type: map, expected a string"),
            ("unknown variant `secret`, expected `totp` or `sms`", "unknown variant, expected `totp` or `sms`"),
            ("missing field `code` at line 1 column 2", "missing field `code` at line 1 column 2"),
            ("unknown field `cdoe`, expected `code`", "unknown field `cdoe`, expected `code`"),
        ] {
            assert_eq!(without_value(text), wanted);
        }
    }
}

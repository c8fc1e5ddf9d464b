use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use twofold_domain::Channel;
use twofold_domain::delivery::SuppressionCause;
use twofold_domain::tenant::Scope;
use twofold_engine::{DeliveryReport, MailNews, Reported, ReportedBy};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Key, Problem, Result, json, live_only};

/// Largest report, in bytes: a mail of ours may be in it whole, and a long explanation (C26).
const REPORT_MAX: usize = 1024 * 1024;

pub(in crate::routes::v1) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// What a report led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct BounceBody {
    /// What it says: `bounced`, `delivered`, `complaint`, or `nothing` when the mail is only late or went on.
    pub kind: &'static str,
    /// Whether anything was written down. False for a mail that is not this tenant's, and for what was known already.
    pub recorded: bool,
    /// Position of the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// A bounce or a complaint about a mail, whole and as it came: a delivery status notification (RFC 3464) or an abuse report
/// (RFC 5965). For the program behind the mailbox that bounces go to. The mail is known by its `Message-ID` in the quoted
/// headers. An address that does not exist, and the reader who complained, get no more mail until released.
#[utoipa::path(post, path = "/v1/deliveries/bounces", tag = "callbacks",
    request_body(content = String, description = "The report, at most 1 MiB", content_type = "message/rfc822"),
    responses(
        (status = 200, description = "Read", body = BounceBody),
        (status = 403, description = "The key lacks the scope `delivery`, or is a test key", body = Problem),
        (status = 413, description = "Larger than 1 MiB", body = Problem),
        (status = 415, description = "Not message/rfc822", body = Problem),
        (status = 422, description = "`not_a_report`", body = Problem),
    ))]
async fn post(State(app): State<App>, key: Key, request: Request) -> Result<Response> {
    let principal = key.allow(Scope::Delivery)?;
    live_only(&principal)?;
    if !is_mail(request.headers()) {
        let detail = "send the report as it came, with Content-Type: message/rfc822";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Not a mail", detail));
    }
    let raw = axum::body::to_bytes(request.into_body(), REPORT_MAX).await.map_err(|_| {
        let detail = format!("a report is at most {REPORT_MAX} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
    })?;
    let report = app.engine.outbound().read_mail_report(&raw).ok_or_else(|| {
        let detail = "this mail is neither a delivery status notification (RFC 3464) nor an abuse report (RFC 5965)";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_a_report", "Not a report", detail)
    })?;
    let (kind, meaning) = meaning(report.news);
    let position = match (meaning, &report.message) {
        (Some((what, suppress)), Some(message)) => {
            let by = ReportedBy::MailSystem;
            let report = DeliveryReport { channel: Channel::Email, message, by, what, suppress };
            app.engine.report_delivery(&principal.tenant.id, &report).await?
        }
        (_, _) => None,
    };
    let body = BounceBody { kind, recorded: position.is_some(), position: position.map(|at| at.0) };
    Ok(json(StatusCode::OK, &body))
}

fn meaning(news: MailNews) -> (&'static str, Option<(Reported, Option<SuppressionCause>)>) {
    match news {
        MailNews::Bounced { cause, permanent } => {
            let suppress = permanent.then_some(SuppressionCause::Bounced);
            ("bounced", Some((Reported::Bounced { cause, permanent }, suppress)))
        }
        MailNews::Delivered => ("delivered", Some((Reported::Delivered, None))),
        MailNews::Complaint => ("complaint", Some((Reported::Complained, Some(SuppressionCause::Complaint)))),
        MailNews::Nothing => ("nothing", None),
    }
}

fn is_mail(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        essence.eq_ignore_ascii_case(b"message/rfc822") || essence.eq_ignore_ascii_case(b"message/global")
    })
}

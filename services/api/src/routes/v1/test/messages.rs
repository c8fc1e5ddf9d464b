use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::Mode;
use twofold_domain::tenant::Scope;
use twofold_engine::EngineError;
use twofold_read_model::{DeliveryFilter, DeliveryPage};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Key, MinPosition, Problem, QueryOf, Result, json, panel_id};
use crate::inbox;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// To this user: the panel's own id. Default: to anybody.
    user: Option<String>,
    /// Messages at most, 1 to 100. Default 20.
    limit: Option<usize>,
}

/// A message as its reader would have got it.
#[derive(Serialize, ToSchema)]
pub struct TestMessage {
    /// Its id.
    pub message_id: String,
    /// To whom: the panel's own user id; null after erasure.
    pub user: Option<String>,
    /// `email` or `sms`.
    pub channel: &'static str,
    /// `login`, `enrolment`, `reauth`, or the name of a notice.
    pub kind: String,
    /// Address or number in clear; null after erasure.
    pub destination: Option<String>,
    /// Of a mail.
    pub subject: Option<String>,
    /// The plain part of a mail, or the text message; null when it cannot be written out.
    pub text: Option<String>,
    /// The HTML part of a mail.
    pub html: Option<String>,
    /// The code, for `login`, `enrolment` and `reauth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When it was requested.
    pub requested_at: String,
    /// When the code or message dies.
    pub expires_at: String,
    /// `pending` until a worker has seen it, then `captured`; or `superseded` or `expired`.
    pub status: &'static str,
}

/// The newest test messages.
#[derive(Serialize, ToSchema)]
pub struct TestMessagesBody {
    /// Newest first.
    pub items: Vec<TestMessage>,
}

/// The test inbox: what test users were sent, codes included, newest first. Only for test keys; messages to live users
/// are never here. What was asked for before this call is in the answer.
#[utoipa::path(get, path = "/v1/test/messages", tag = "test", params(MessagesQuery),
    responses(
        (status = 200, description = "The messages", body = TestMessagesBody),
        (status = 403, description = "`test_key_required`", body = Problem),
        (status = 503, description = "`read_model_behind`: try again", body = Problem),
    ))]
async fn get(State(app): State<App>, key: Key, QueryOf(query): QueryOf<MessagesQuery>) -> Result<Response> {
    let principal = key.allow(Scope::Login)?;
    if principal.mode != Mode::Test {
        return Err(Problem::forbidden(
            "test_key_required",
            "the test inbox holds messages to test users; ask with a tf_test_ key",
        ));
    }
    let limit = query.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit", "from 1 to 100"));
    }
    let tenant = &principal.tenant.id;
    let user = query.user.map(|id| panel_id("user", &id)).transpose()?;
    let filter = DeliveryFilter {
        user: user.map(|id| app.engine.keyring().user_token(tenant, Mode::Test, &id)),
        ..DeliveryFilter::default()
    };
    let head = app.engine.log().head().await.map_err(EngineError::from)?;
    MinPosition(Some(head.0)).wait(&app).await?;
    let page = DeliveryPage { after: None, limit, newest_first: true };
    let rows = app.store.deliveries(tenant, Mode::Test, &filter, page).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(inbox::message(&app, &principal.tenant, row).await?);
    }
    Ok(json(StatusCode::OK, &TestMessagesBody { items }))
}

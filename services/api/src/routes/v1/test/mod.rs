//! `/v1/test/…`: for test keys only.

mod messages;

pub(crate) use messages::TestMessage;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(messages::routes())
}

//! `/v1/callbacks/twilio/{tenant}/{provider}/…`

mod genuine;
mod inbound;
mod message;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(message::routes()).merge(inbound::routes())
}

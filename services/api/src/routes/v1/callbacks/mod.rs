//! `/v1/callbacks/…`: what providers say of messages. No API key; the provider's signature is the proof.

mod twilio;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    twilio::routes()
}

//! `/v1/users/{user}/state`

mod body;
mod get;
mod parts;
mod rules;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    get::routes()
}

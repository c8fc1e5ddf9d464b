//! Version 1.

mod accounts;
mod api_keys;
mod audit;
mod channels;
mod deliveries;
mod messages;
mod operator;
mod presets;
mod settings;
mod test;
pub mod users;

pub(crate) use test::TestMessage;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(audit::routes())
        .merge(messages::routes())
        .merge(settings::routes())
        .merge(channels::routes())
        .merge(accounts::routes())
        .merge(api_keys::routes())
        .merge(deliveries::routes())
        .merge(test::routes())
        .merge(presets::routes())
        .merge(operator::routes())
}

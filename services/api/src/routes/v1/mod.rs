//! Version 1.

mod accounts;
mod api_keys;
mod audit;
mod callbacks;
mod channels;
mod deliveries;
mod delivery_steering;
mod messages;
mod operator;
mod presets;
mod settings;
mod suppressions;
mod templates;
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
        .merge(callbacks::routes())
        .merge(suppressions::routes())
        .merge(delivery_steering::routes())
        .merge(templates::routes())
        .merge(test::routes())
        .merge(presets::routes())
        .merge(operator::routes())
}

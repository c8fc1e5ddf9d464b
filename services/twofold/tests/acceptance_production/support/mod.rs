//! As in `acceptance`, but for what the product runs on.

#[path = "../../acceptance/support/app.rs"]
pub mod app;
pub mod balancer;
#[path = "../../acceptance/support/clock.rs"]
pub mod clock;
#[path = "../../acceptance/support/http.rs"]
pub mod http;
#[path = "../../acceptance/support/load.rs"]
pub mod load;
#[path = "../../acceptance/support/nodes.rs"]
pub mod nodes;
#[path = "../../acceptance/support/panel.rs"]
pub mod panel;
#[path = "../../acceptance/support/post.rs"]
pub mod post;
pub mod process;
pub mod server;
#[path = "../../acceptance/support/tools.rs"]
pub mod tools;
#[path = "../../acceptance/support/world.rs"]
pub mod world;

//! What every test stands on: the real program, a panel's view of it, and the tools of a user.

pub mod app;
pub mod clock;
pub mod http;
pub mod load;
pub mod nodes;
pub mod panel;
pub mod post;
pub mod server;
pub mod tools;
pub mod world;

//! The composition root: which adapter stands behind which port.

mod catch_up;
mod core;
mod data_dir;
mod first_start;
mod health;
mod http;
mod master_id;
mod metrics;
mod outbound;
mod roles;
mod server;
mod signals;
mod spans;

pub use self::catch_up::{catch_up, is_ahead};
pub use self::core::{Core, keyring, open_read_model};
pub use self::data_dir::DataDir;
pub use self::first_start::{FirstKeys, first_start};
pub use self::server::Server;
pub use self::signals::stop_on_signals;

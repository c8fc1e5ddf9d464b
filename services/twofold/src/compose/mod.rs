//! The composition root: which adapter stands behind which port.

mod catch_up;
mod core;
mod data_dir;
mod deployment;
mod first_start;
mod health;
mod http;
mod init;
mod master_id;
mod measured_log;
mod metrics;
mod outbound;
mod process;
mod roles;
mod signals;
mod spans;

pub use self::catch_up::{catch_up, is_ahead};
pub use self::core::Core;
pub use self::data_dir::DataDir;
pub use self::deployment::{Access, Patience, open as open_deployment};
pub use self::first_start::{FirstKeys, first_start};
pub use self::init::{Made, Wanted, grants, init};
pub use self::process::Process;
pub use self::roles::Roles;
pub use self::signals::stop_on_signals;

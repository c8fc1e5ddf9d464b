//! The loads: users who log in, guess, enrol and recover, and what every answer to them must be.
//!
//! A scenario never trusts a status alone: what the API documents for the operation is looked for in each answer, and
//! anything else is a wrong answer, which fails the run. 429 and 503 are refusals, unless the scenario is after them.

mod answer;
mod caller;
mod code;
mod command;
mod enrol;
mod file;
mod hostile;
mod login;
mod mixed;
mod phone;
pub mod seed;
mod seeding;
mod targets;
mod users;
mod verify;

pub use self::code::{Code, CodeSetup};
pub use self::command::{Name, Options, run};
pub use self::file::UserFile;
pub use self::hostile::{Guesses, Hostile, Storm};
pub use self::login::Login;
pub use self::mixed::Mixed;
pub(crate) use self::phone::{code, step_now, wrong_code};
pub use self::seeding::{Options as SeedOptions, into_file, run as run_seed};
pub use self::targets::Targets;
pub use self::users::{User, Users};
pub use self::verify::Verify;

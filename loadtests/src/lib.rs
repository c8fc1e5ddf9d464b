//! Load on running servers, and what is left of the promises when things break.
//!
//! Every answer is checked; a wrong one fails the run. The scenarios are here, so that tests of other crates can play
//! short versions of them; the command line is in `main.rs`.

pub mod bench;
mod client;
mod codes;
pub mod compare;
pub mod curves;
pub mod deliver;
pub mod faults;
pub mod load;
mod machine;
mod page;
pub mod power_loss;
pub mod providers;
mod random;
pub mod scenarios;
pub mod soak;
mod stage;
pub mod storm;
mod usage;

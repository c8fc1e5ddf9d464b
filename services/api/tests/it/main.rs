//! The API over a bound port.

mod audit;
mod bad_input;
mod configuration;
mod idempotency;
mod inbox;
mod keys;
mod openapi;
mod operator;
mod state;
mod support;
mod sweep;

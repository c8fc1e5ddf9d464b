//! The API over a bound port.

mod audit;
mod bad_input;
mod bounces;
mod callbacks;
mod challenge_delivery;
mod configuration;
mod deliveries;
mod idempotency;
mod inbox;
mod keys;
mod openapi;
mod operator;
mod state;
mod steering;
mod support;
mod sweep;

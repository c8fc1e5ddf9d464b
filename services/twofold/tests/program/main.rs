//! The program from outside: its commands, its settings, its exit codes, and what survives a kill.

mod commands;
mod first_start;
mod infra;
mod life;
mod limits;
mod production;
mod settings;
mod steering;
mod support;
mod tampering;
mod tenants;

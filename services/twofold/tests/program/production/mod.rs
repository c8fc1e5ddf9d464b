//! Several processes that share a NATS server and PostgreSQL.

mod changes;
mod init;
mod outages;
mod redrive;
mod stage;
mod start;
mod story;
mod traces;

//! The event log on real servers.

mod after_a_restart;
mod conformance;
mod foreign;
mod lost_answers;
mod outages;
mod reading;
mod replicas;
mod room;
mod setup;
mod support;

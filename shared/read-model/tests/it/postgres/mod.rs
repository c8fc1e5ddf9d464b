//! What only a database shared over a network has: roles, policies, outages, several projectors.

mod isolation;
mod outages;
mod plans;
mod projectors;
mod schema;

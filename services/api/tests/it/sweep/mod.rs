//! Every route of the document, with every kind of key that must not get anywhere.

mod authentication;
mod outage;
mod scopes;
mod table;
mod tenants;

//! The rights that infra/nats gives each role, against a real server: enough for what its adapters do, and no more.

mod acts;
mod adapters;
mod house;

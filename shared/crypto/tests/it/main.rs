//! Tests of twofold-crypto over its public interface.

mod key_store;
mod oathtool;
mod rfc_vectors;
mod seeded;
mod totp_rs_partner;
mod vault;
mod window;

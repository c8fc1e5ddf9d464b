//! Rebuilds the crate when a migration is added, which the migration macro alone cannot notice.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite/read_model");
    println!("cargo:rerun-if-changed=../../migrations/postgres/read_model");
}

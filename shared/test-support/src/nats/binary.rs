//! Where the server program comes from.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{place, python};

/// Names the program and keeps the package index out of it, for machines that cannot reach one.
const NAMED_BY: &str = "TWOFOLD_NATS_SERVER";

/// The program: named by the environment, the pinned one, or one on `PATH`, which may be of another version.
pub(super) fn find() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(NAMED_BY) {
        return Ok(named.into());
    }
    match python::packages() {
        Ok(site) => Ok(site.join("bin/nats-server")),
        Err(error) => {
            place::on_path("nats-server").with_context(|| format!("no nats-server on PATH, none installed: {error:#}"))
        }
    }
}

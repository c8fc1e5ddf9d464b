//! `twofold openapi`

use clap::Args;

use crate::failure::{Context as _, Done};
use crate::output;

/// Print the OpenAPI 3.1 document of the API as JSON; needs no server and no data
#[derive(Debug, Args)]
pub struct OpenapiArgs {}

pub fn run(_args: OpenapiArgs) -> Done {
    output::line(twofold_api::openapi_document().to_pretty_json().context("the document cannot be written")?);
    Ok(())
}

//! Documents that an operator writes: TOML, or JSON.

use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// Reads a file; its ending says which of the two it is.
pub fn read(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{shown}: cannot be read: {error}")))?;
    let read: Result<Value, String> = if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        serde_json::from_str(&text).map_err(|error| format!("{}: not JSON: {error}", error.line()))
    } else {
        // The message alone: the text around the mistake may hold a password.
        toml::from_str(&text).map_err(|error| {
            let before = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count() + 1;
            format!("{line}: not TOML: {}", error.message())
        })
    };
    let value = read.map_err(|problem| Failure::Usage(format!("{shown}:{problem}")))?;
    if value.is_object() { Ok(value) } else { Err(Failure::Usage(format!("{shown}: must be an object"))) }
}

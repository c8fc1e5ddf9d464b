//! Why an operator does something.

/// Most characters of a reason.
const MAX_CHARS: usize = 200;

/// Reads `--reason`: one line that says something.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
        return Err("a reason is 1 to 200 printable characters".to_owned());
    }
    Ok(text.to_owned())
}

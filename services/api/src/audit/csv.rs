//! CSV (RFC 4180) that is safe to open in a spreadsheet and to read line by line (C27).

use super::item::AuditItem;

/// The header row.
pub const HEADER: &str =
    "position,index,at,kind,user,actor_type,actor_id,request_id,ip,user_agent,reason,details,text\r\n";

/// One event as a row.
pub fn row(item: &AuditItem) -> String {
    let none = String::new();
    let text = |field: &Option<String>| cell(field.as_ref().unwrap_or(&none));
    let cells = [
        item.position.to_string(),
        item.index.to_string(),
        cell(&item.at),
        cell(&item.kind),
        text(&item.user),
        cell(item.actor.kind),
        text(&item.actor.id),
        text(&item.request_id),
        text(&item.ip),
        text(&item.user_agent),
        text(&item.reason),
        cell(&item.details.to_string()),
        cell(&item.text),
    ];
    cells.join(",") + "\r\n"
}

/// The row that ends an export which was cut.
pub fn cut(rows: usize, cursor: &str) -> String {
    format!(",,,export.cut,,,,,,,,,{}\r\n", cell(&format!("Cut after {rows} rows; go on with cursor={cursor}")))
}

/// A quoted cell on one line. What a spreadsheet would take for a formula gets an apostrophe in front; the full-width
/// forms count too, because some programs fold them.
pub fn cell(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let mut out = String::with_capacity(text.len() + 3);
    out.push('"');
    if text.starts_with(formula) || text.trim_start().starts_with(formula) {
        out.push('\'');
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\"\""),
            c if is_break(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn formulas_and_line_breaks_are_harmless() {
        for (text, wanted) in [
            ("plain", r#""plain""#),
            ("=1+1", r#""'=1+1""#),
            ("+1", r#""'+1""#),
            ("-1", r#""'-1""#),
            ("@SUM(A1)", r#""'@SUM(A1)""#),
            ("\t=1", r#""' =1""#),
            ("\r=1", r#""' =1""#),
            ("  =1", r#""'  =1""#),
            ("＝1", r#""'＝1""#),
            ("a\r\nb", r#""a  b""#),
            ("a\u{2028}b\u{85}c\0d", r#""a b c d""#),
            ("say \"x\", y", r#""say ""x"", y""#),
        ] {
            assert_eq!(cell(text), wanted, "{text:?}");
        }
    }
}

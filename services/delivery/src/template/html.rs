//! The HTML part made from a text: its paragraphs, the code large. Inline styles, nothing loaded from anywhere.

use std::sync::LazyLock;

use minijinja::context;

use super::sandbox::{Compiled, Escape, TemplateError};

/// Longest HTML part, in bytes.
pub(super) const HTML_MAX: usize = 64 * 1024;

const LAYOUT: &str = r#"<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
</head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
<div role="article" aria-label="{{ title }}" style="max-width:34em;margin:0 auto">
{%- for paragraph in paragraphs %}
{%- if code and paragraph.text == code %}
<p style="margin:24px 0;font-family:ui-monospace,Consolas,Menlo,monospace;font-size:32px;font-weight:700;letter-spacing:4px">{{ paragraph.text }}</p>
{%- else %}
<p style="margin:0 0 16px">{% for line in paragraph.lines %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</p>
{%- endif %}
{%- endfor %}
</div>
</body>
</html>
"#;

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| Compiled::trusted(Escape::Html, LAYOUT));

/// The text as a page.
pub(super) fn from_text(lang: &str, title: &str, text: &str, code: &str) -> Result<String, TemplateError> {
    let normal = text.replace("\r\n", "\n").replace('\r', "\n");
    let paragraphs: Vec<minijinja::Value> = normal
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| context! { text => p.to_owned(), lines => p.lines().map(str::to_owned).collect::<Vec<_>>() })
        .collect();
    let values = context! { lang => lang.to_owned(), title => title.to_owned(), code => code.to_owned(), paragraphs };
    COMPILED.render("layout", LAYOUT, values, HTML_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_escaped_and_the_code_stands_out() {
        let page = from_text("en", "A <b> \"title\"", "one <script>\ntwo & three\n\n 123456 \n\nend", "123456")
            .expect("renders");
        assert!(page.contains("one &lt;script&gt;<br>two &amp; three"));
        assert!(page.contains("<title>A &lt;b&gt; &quot;title&quot;</title>"));
        assert!(page.contains("letter-spacing:4px\">123456</p>"));
        for outside in ["http:", "https:", "src=", "url(", "<script", "<img", "<link", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_breaks_stays_cheap() {
        let many = "a\n\n".repeat(1000);
        assert!(from_text("en", "t", &many, "").is_ok_and(|page| page.len() <= HTML_MAX));
    }
}

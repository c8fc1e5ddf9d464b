//! The language of texts: variables, three filters, conditions. Nothing else.
//!
//! The template engine's fuel counts instructions, but a single one can build a 100 MB string (`"x" * 99999999`), and
//! doubling a variable thirty times costs nothing but memory. So loops, assignments, arithmetic, calls and indexing are
//! refused before the engine sees them; what is left is linear in the template's length. Fuel and a bound on the
//! output stand behind that.

use std::fmt;
use std::io;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, ErrorKind, Template, UndefinedBehavior, Value, filters};

/// Longest template, in bytes.
pub const SOURCE_MAX: usize = 16 * 1024;
/// Most instructions of one rendering of a tenant's template.
const FUEL: u64 = 20_000;
/// The same for a template of our own, which may walk over a tenant's text line by line.
const FUEL_TRUSTED: u64 = 1_000_000;
/// Words a `{% … %}` may start with.
const TAGS: [&str; 4] = ["if", "elif", "else", "endif"];

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// As they are.
    None,
    /// HTML text or attribute.
    Html,
    /// A JSON value, quotes included.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// A text that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TemplateError {
    /// Kind, locale and part, such as `login_code/de/subject`.
    pub template: String,
    /// Line in it, from 1, when known.
    pub line: Option<usize>,
    /// What is wrong; never a value.
    pub problem: String,
}

impl TemplateError {
    pub(crate) fn new(template: &str, line: Option<usize>, problem: impl Into<String>) -> Self {
        Self { template: template.to_owned(), line, problem: problem.into() }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.template, self.problem),
            None => write!(f, "{}: {}", self.template, self.problem),
        }
    }
}

impl std::error::Error for TemplateError {}

/// Checks a tenant's template without running it: size, the allowed language, syntax, known variables.
pub(crate) fn check(name: &str, source: &str, variables: &[&str]) -> Result<(), TemplateError> {
    check_language(name, source)?;
    let env = environment(Escape::None);
    let template = env.template_from_named_str(name, source).map_err(|e| describe(name, &e))?;
    let mut unknown: Vec<String> =
        template.undeclared_variables(false).into_iter().filter(|v| !variables.contains(&v.as_str())).collect();
    unknown.sort();
    match unknown.first() {
        // Only word characters pass the language check, so the name is harmless.
        Some(first) => Err(TemplateError::new(name, line_of(source, first), format!("unknown variable {first}"))),
        None => Ok(()),
    }
}

/// Fills a tenant's template. The output is at most `max` bytes.
pub(crate) fn render(
    name: &str,
    source: &str,
    escape: Escape,
    values: Value,
    max: usize,
) -> Result<String, TemplateError> {
    check_language(name, source)?;
    fill(name, source, escape, FUEL, values, max)
}

/// Templates of our own, compiled once. Each is called by its own text.
pub(crate) struct Compiled {
    env: Environment<'static>,
    escape: Escape,
    fuel: u64,
}

impl Compiled {
    /// Compiles templates that use the allowed language only; the tests check that they do.
    pub(crate) fn new(escape: Escape, sources: impl IntoIterator<Item = &'static str>) -> Self {
        Self::with_fuel(escape, FUEL, sources)
    }

    /// The same for those that may use the whole language.
    pub(crate) fn trusted(escape: Escape, source: &'static str) -> Self {
        Self::with_fuel(escape, FUEL_TRUSTED, [source])
    }

    fn with_fuel(escape: Escape, fuel: u64, sources: impl IntoIterator<Item = &'static str>) -> Self {
        let mut env = environment(escape);
        env.set_fuel(Some(fuel));
        for source in sources {
            // One that does not compile says so when it is filled.
            let _ = env.add_template(source, source);
        }
        Self { env, escape, fuel }
    }

    /// Fills one of them. The output is at most `max` bytes.
    pub(crate) fn render(&self, name: &str, source: &str, values: Value, max: usize) -> Result<String, TemplateError> {
        match self.env.get_template(source) {
            Ok(template) => write_out(name, &template, values, max),
            Err(_) => fill(name, source, self.escape, self.fuel, values, max),
        }
    }
}

fn fill(
    name: &str,
    source: &str,
    escape: Escape,
    fuel: u64,
    values: Value,
    max: usize,
) -> Result<String, TemplateError> {
    let mut env = environment(escape);
    env.set_fuel(Some(fuel));
    let template = env.template_from_named_str(name, source).map_err(|e| describe(name, &e))?;
    write_out(name, &template, values, max)
}

fn write_out(name: &str, template: &Template<'_, '_>, values: Value, max: usize) -> Result<String, TemplateError> {
    let mut out = Bounded { bytes: Vec::new(), max };
    template.render_captured_to(values, &mut out).map_err(|e| describe(name, &e))?;
    String::from_utf8(out.bytes).map_err(|_| TemplateError::new(name, None, "not text"))
}

fn environment<'a>(escape: Escape) -> Environment<'a> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_recursion_limit(32);
    env.add_filter("upper", filters::upper);
    env.add_filter("lower", filters::lower);
    env.add_filter("trim", filters::trim);
    env.set_auto_escape_callback(move |_| match escape {
        Escape::None | Escape::Form => AutoEscape::None,
        Escape::Html => AutoEscape::Html,
        Escape::Json => AutoEscape::Json,
    });
    if escape == Escape::Form {
        env.set_formatter(|out, _state, value| {
            if matches!(value.kind(), ValueKind::Undefined) {
                return Err(ErrorKind::UndefinedError.into());
            }
            out.write_str(&form_encoded(&value.to_string())).map_err(Into::into)
        });
    }
    env
}

fn form_encoded(text: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The engine's error as a kind and a line; its details may quote a value and are dropped.
fn describe(name: &str, error: &minijinja::Error) -> TemplateError {
    // Details of these two name what the template says, never what a variable holds.
    let detail = if matches!(error.kind(), ErrorKind::SyntaxError | ErrorKind::UnknownFilter) {
        error.detail().map(|d| format!(": {d}")).unwrap_or_default()
    } else if error.kind() == ErrorKind::WriteFailure {
        ": the text becomes too long".to_owned()
    } else {
        String::new()
    };
    TemplateError::new(name, error.line(), format!("{}{detail}", error.kind()))
}

/// Walks over every `{{ … }}` and `{% … %}` and refuses what the module's notes refuse.
fn check_language(name: &str, source: &str) -> Result<(), TemplateError> {
    if source.len() > SOURCE_MAX {
        return Err(TemplateError::new(name, None, "longer than 16384 bytes"));
    }
    let mut rest = source;
    while let Some((start, opening, closing)) = next_opening(rest) {
        let line = source.len() - rest.len() + start;
        let line = Some(source.get(..line).unwrap_or_default().matches('\n').count() + 1);
        let bad = |problem: &str| Err(TemplateError::new(name, line, problem));
        let after = rest.get(start + 2..).unwrap_or_default();
        let Some(end) = after.find(closing) else { return bad("a tag is not closed") };
        let inside = after.get(..end).unwrap_or_default();
        if !inside.chars().all(is_plain)
            || inside.matches('"').count() % 2 != 0
            || inside.matches('\'').count() % 2 != 0
        {
            return bad("only variables, upper, lower, trim, and comparisons are allowed in tags");
        }
        let word =
            inside.trim_matches(|c: char| c == '-' || c.is_whitespace()).split_whitespace().next().unwrap_or_default();
        if opening == "{%" && !TAGS.contains(&word) {
            return bad("only if, elif, else and endif are allowed");
        }
        rest = after.get(end + 2..).unwrap_or_default();
    }
    Ok(())
}

fn next_opening(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let value = text.find("{{").map(|at| (at, "{{", "}}"));
    let tag = text.find("{%").map(|at| (at, "{%", "%}"));
    [value, tag].into_iter().flatten().min_by_key(|(at, _, _)| *at)
}

/// No arithmetic, no calls, no indexing, no attributes, no escapes.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || matches!(c, '_' | '|' | '=' | '!' | '"' | '\'' | '-')
}

fn line_of(source: &str, word: &str) -> Option<usize> {
    source.lines().position(|line| line.contains(word)).map(|n| n + 1)
}

/// Refuses to grow beyond its bound.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + part.len() > self.max {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn what_could_burn_time_or_memory_is_refused_unseen() {
        for source in [
            "{{ 'x' * 99999999 }}",
            "{{ \"}}\" * 99999999 }}",
            "{% if \"%}\" * 99999999 %}{% endif %}",
            "{{ 2 ** 99999 }}",
            "{% set a = code ~ code %}",
            "{% for i in code %}{% endfor %}",
            "{% macro m() %}{% endmacro %}",
            "{% with a = code %}{% endwith %}",
            "{% include 'x' %}",
            "{% import 'x' as y %}",
            "{% extends 'x' %}",
            "{% raw %}{% endraw %}",
            "{% filter upper %}{% endfilter %}",
            "{% autoescape false %}{% endautoescape %}",
            "{% do x() %}",
            "{{ range(999999) }}",
            "{{ code.upper() }}",
            "{{ code[0] }}",
            "{{ [1] }}",
            "{{ {} }}",
            "{{ code ~ code }}",
            "{{ code + code }}",
            "{{ code|safe() }}",
            "{{ '\\x41' }}",
            "{{ code",
            "{% if code",
            "{{{ code }}}",
            "{%- set a = 1 %}",
            "{%\nset a = 1 %}",
            "{{ code if (code) }}",
            "{{ loop.index }}",
            "{# {{ # #}",
            "{{ \u{2028} }}",
        ] {
            let error = check("t", source, &["code"]).expect_err(source);
            assert_eq!(error.line, Some(1), "{source}: {error}");
            assert!(render("t", source, Escape::None, context! { code => "1" }, 1000).is_err(), "{source}");
        }
        assert!(check("t", &"x".repeat(SOURCE_MAX + 1), &[]).is_err());
    }

    #[test]
    fn what_is_left_works() {
        for (source, wanted) in [
            ("{{ code }}", "a<b"),
            ("{{code|upper}}", "A<B"),
            ("{%- if code == 'a' -%} x {%- elif code -%} y {%- else -%} z {%- endif -%}", "y"),
            ("{% if not code %}x{% endif %}", ""),
            ("{{ code if code else 'none' }}", "a<b"),
            ("{ code } }} 100 %", "{ code } }} 100 %"),
            ("{# a note #}{{ code }}", "a<b"),
        ] {
            assert_eq!(check("t", source, &["code"]), Ok(()), "{source}");
            let got = render("t", source, Escape::None, context! { code => "a<b" }, 1000);
            assert_eq!(got.as_deref(), Ok(wanted), "{source}");
        }
    }

    #[test]
    fn errors_name_the_line_and_no_value() {
        let table = [
            ("a\nb {{ cod }}", Some(2), "unknown variable cod"),
            ("a\n\n{{ code|title }}", Some(3), "unknown filter: filter title is unknown"),
            ("a\n{% if code %}\n", Some(2), "syntax error"),
            ("a\n{{ code * 2 }}", Some(2), "only variables"),
        ];
        for (source, line, problem) in table {
            let error = check("login_code/en/text", source, &["code"])
                .and_then(|()| {
                    render("login_code/en/text", source, Escape::None, context! { code => "canary-7" }, 99).map(drop)
                })
                .expect_err(source);
            assert_eq!(error.template, "login_code/en/text");
            assert!(error.line.is_some() && (error.line == line || problem == "syntax error"), "{error}");
            assert!(error.problem.starts_with(problem), "{error}");
            assert!(!format!("{error} {error:?}").contains("canary-7"));
        }
    }

    #[test]
    fn output_and_instructions_are_bounded() {
        let error = render("t", "{{ code }}{{ code }}", Escape::None, context! { code => "x".repeat(60) }, 100);
        assert_eq!(error.map_err(|e| e.problem), Err("failed to write output: the text becomes too long".to_owned()));
        let greedy = "{% for a in code %}{% for b in code %}{% for c in code %}x{% endfor %}{% endfor %}{% endfor %}";
        let error = fill("t", greedy, Escape::None, FUEL, context! { code => vec![1; 1000] }, usize::MAX);
        assert_eq!(error.map_err(|e| e.problem), Err("engine ran out of fuel".to_owned()));
    }

    #[test]
    fn values_are_escaped_for_where_they_stand() {
        let value = context! { v => "a\"<b>&'=\n%{{ v }}ü" };
        let got = |escape, source| render("t", source, escape, value.clone(), 1000).expect("renders");
        assert_eq!(got(Escape::None, "{{ v }}"), "a\"<b>&'=\n%{{ v }}ü");
        assert_eq!(got(Escape::Html, "{{ v }}"), "a&quot;&lt;b&gt;&amp;&#x27;=\n%{{ v }}ü");
        let json: String = serde_json::from_str(&got(Escape::Json, "{{ v }}")).expect("a JSON string");
        assert_eq!(json, "a\"<b>&'=\n%{{ v }}ü");
        assert_eq!(got(Escape::Form, "v={{ v }}"), "v=a%22%3Cb%3E%26%27%3D%0A%25%7B%7B%20v%20%7D%7D%C3%BC");
    }
}

//! Exports: the whole filtered audit, page by page, one page in memory at a time.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use twofold_engine::Principal;
use twofold_read_model::{AuditFilter, Page};

use super::csv;
use super::item::{AuditItem, Reader};
use super::page::cursor_after;
use super::query::Format;
use crate::app::App;
use crate::http::{Problem, Result};

/// The most rows this export can have. One that was cut ends with a line that says so and names the cursor to go on with.
pub const EXPORT_HEADER: HeaderName = HeaderName::from_static("twofold-export-max-rows");

/// Answers with the rows as they come. The first page is read before anything is sent, so that an unavailable read
/// model is still a 503; when it fails later the answer breaks off, which every HTTP client notices.
pub async fn answer(
    app: App,
    principal: Principal,
    filter: AuditFilter,
    page: Page,
    most: usize,
    format: Format,
) -> Result<Response> {
    let mut export =
        Export { app, principal, filter, next: Some(page), left: most, most, format, reader: Reader::default() };
    let mut first = export.head();
    first.push_str(&export.page().await?);
    let start = stream::iter([Ok::<_, Broken>(Bytes::from(first))]);
    let rest = stream::unfold(Some(export), |export| async move {
        let mut export = export.filter(|export| export.next.is_some())?;
        match export.page().await {
            Ok(text) => Some((Ok(Bytes::from(text)), Some(export))),
            Err(problem) => Some((Err(Broken(problem)), None)),
        }
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
        Format::Ndjson | Format::Json => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, HeaderValue::from_static(name)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (EXPORT_HEADER, HeaderValue::from(most)),
    ];
    let body = Body::from_stream(futures_util::StreamExt::chain(start, rest));
    Ok((StatusCode::OK, headers, body).into_response())
}

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off: {}", .0.code)]
struct Broken(Problem);

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

struct Export {
    app: App,
    principal: Principal,
    filter: AuditFilter,
    next: Option<Page>,
    left: usize,
    most: usize,
    format: Format,
    reader: Reader,
}

impl Export {
    fn head(&self) -> String {
        match self.format {
            Format::Csv => csv::HEADER.to_owned(),
            Format::Ndjson | Format::Json => String::new(),
        }
    }

    /// The next page as text.
    async fn page(&mut self) -> Result<String> {
        let Some(page) = self.next.take() else { return Ok(String::new()) };
        let asked = Page { limit: page.limit.min(self.left), ..page };
        let rows = self.app.store.audit(&self.principal.tenant.id, self.principal.mode, &self.filter, asked).await?;
        self.left -= rows.len().min(self.left);
        let last = rows.last().filter(|_| rows.len() == asked.limit);
        let mut end = String::new();
        if let Some(row) = last {
            if self.left == 0 {
                end = self.cut(&cursor_after(&self.app, &self.principal, row));
            } else {
                self.next = Some(Page { after: Some((row.seq, row.idx)), ..page });
            }
        }
        let items = self.reader.items(&self.app, rows).await?;
        let mut text: String = items.iter().map(|item| self.line(item)).collect();
        text.push_str(&end);
        Ok(text)
    }

    fn line(&self, item: &AuditItem) -> String {
        match self.format {
            Format::Csv => csv::row(item),
            Format::Ndjson | Format::Json => one_line(&serde_json::to_string(item).unwrap_or_default()),
        }
    }

    fn cut(&self, cursor: &str) -> String {
        match self.format {
            Format::Csv => csv::cut(self.most, cursor),
            Format::Ndjson | Format::Json => one_line(
                &serde_json::json!({ "kind": "export.cut", "rows": self.most, "next_cursor": cursor }).to_string(),
            ),
        }
    }
}

/// JSON escapes line feeds itself, but not the other characters that some programs break lines at (C27). They can only
/// stand inside strings, where an escape means the same.
fn one_line(json: &str) -> String {
    let mut line = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").replace('\u{85}', "\\u0085");
    line.push('\n');
    line
}

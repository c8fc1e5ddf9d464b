//! One page of the audit, or the beginning of an export.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use twofold_engine::Principal;
use twofold_event_log::Seq;
use twofold_read_model::{AuditFilter, AuditRow, MAX_PAGE_ROWS, Page};
use utoipa::ToSchema;

use super::export;
use super::item::{AuditItem, Reader};
use super::query::{AuditQuery, Format};
use crate::app::App;
use crate::http::{Cursor, Result, json};

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The events, in the order asked for.
    pub items: Vec<AuditItem>,
    /// For the next page; null when nothing more is known to follow.
    pub next_cursor: Option<String>,
    /// How far the read model had come: everything up to this position is in the answer.
    pub position: u64,
}

/// Answers a query.
pub async fn answer(app: App, principal: Principal, query: AuditQuery, filter: AuditFilter) -> Result<Response> {
    query.min_position.wait(&app).await?;
    let limit = query.page.limit()?;
    let after = match &query.page.cursor {
        None => None,
        Some(text) => {
            let cursor = Cursor::decode(app.engine.keyring(), &principal.tenant.id, text)?;
            Some((Seq(cursor.seq), cursor.idx))
        }
    };
    if query.format != Format::Json {
        let most = query.page.limit.unwrap_or(app.config.max_export_rows).min(app.config.max_export_rows);
        let page = Page { after, limit: MAX_PAGE_ROWS, newest_first: query.newest_first };
        return export::answer(app, principal, filter, page, most, query.format).await;
    }
    // Asked before the rows, so that it never promises more than they show.
    let position = app.store.checkpoint().await?.0;
    let page = Page { after, limit, newest_first: query.newest_first };
    let rows = app.store.audit(&principal.tenant.id, principal.mode, &filter, page).await?;
    let next_cursor =
        if rows.len() == limit { rows.last().map(|row| cursor_after(&app, &principal, row)) } else { None };
    let items = Reader::default().items(&app, rows).await?;
    Ok(json(StatusCode::OK, &AuditPage { items, next_cursor, position }))
}

/// The cursor of what follows a row.
pub fn cursor_after(app: &App, principal: &Principal, row: &AuditRow) -> String {
    Cursor { seq: row.seq.0, idx: row.idx }.encode(app.engine.keyring(), &principal.tenant.id)
}

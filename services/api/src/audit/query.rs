//! What can be asked of the audit.

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use twofold_domain::actor::ActorKind;
use twofold_domain::{PanelId, Timestamp};
use twofold_engine::Engine;
use twofold_event_log::wire;
use twofold_read_model::{AuditFilter, MAX_KINDS, Outcome};
use utoipa::IntoParams;

use crate::app::App;
use crate::http::{MinPosition, PageQuery, Pairs, Problem, Result, panel_id};

/// Longest `request_id`, in characters: as long as one that is accepted.
const MAX_REQUEST_ID_CHARS: usize = 128;

/// The parameters of both audit routes, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only describes the parameters; they are read one by one")]
pub struct UserAuditParams {
    /// By this person: the panel's own id of the actor.
    actor: Option<String>,
    /// `user`, `account_admin`, `support` or `system`.
    actor_type: Option<String>,
    /// Kinds of event, such as `verification.failed`; repeatable, or a list with commas. At most 64.
    kind: Option<String>,
    /// At or after this instant (RFC 3339).
    from: Option<String>,
    /// Before this instant (RFC 3339).
    to: Option<String>,
    /// Caused by this request.
    request_id: Option<String>,
    /// `success` or `failure`.
    outcome: Option<String>,
    /// Rows of a page, 1 to 500. Default 50. For an export: the most rows.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `desc` (newest first, the default) or `asc`.
    order: Option<String>,
    /// Wait until the read model has reached this position: that of a write.
    min_position: Option<u64>,
    /// `json` (default), `ndjson` or `csv`. Wins over the Accept header.
    format: Option<String>,
}

/// The further parameter of the tenant's audit, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only describes the parameter")]
pub struct AuditParams {
    /// About this user: the panel's own id.
    user: Option<String>,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page as an object.
    Json,
    /// An object on each line.
    Ndjson,
    /// RFC 4180 with a header row.
    Csv,
}

/// What is asked for.
#[derive(Debug)]
pub struct AuditQuery {
    user: Option<PanelId>,
    actor: Option<PanelId>,
    actor_type: Option<ActorKind>,
    kinds: Vec<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    request_id: Option<String>,
    outcome: Option<Outcome>,
    /// Limit and cursor.
    pub page: PageQuery,
    /// Newest first.
    pub newest_first: bool,
    /// Wait for this.
    pub min_position: MinPosition,
    /// How the answer is written.
    pub format: Format,
}

/// The same without `user`: the path names him.
#[derive(Debug)]
pub struct UserAuditQuery(pub AuditQuery);

impl FromRequestParts<App> for AuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        let mut pairs = Pairs::of(parts)?;
        let user = pairs.one("user")?.map(|id| panel_id("user", &id)).transpose()?;
        Ok(Self { user, ..read(pairs, parts)? })
    }
}

impl FromRequestParts<App> for UserAuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        read(Pairs::of(parts)?, parts).map(Self)
    }
}

fn read(mut pairs: Pairs, parts: &Parts) -> Result<AuditQuery> {
    let accepted = accepted_format(parts);
    let query = AuditQuery {
        user: None,
        actor: pairs.one("actor")?.map(|id| panel_id("actor", &id)).transpose()?,
        actor_type: pairs.choice("actor_type", "user, account_admin, support, system", actor_kind)?,
        kinds: kinds(&pairs.all("kind"))?,
        from: pairs.instant("from")?,
        to: pairs.instant("to")?,
        request_id: pairs.one("request_id")?.map(request_id).transpose()?,
        outcome: pairs.choice("outcome", "success, failure", outcome)?,
        page: PageQuery { limit: pairs.number("limit")?, cursor: pairs.one("cursor")? },
        newest_first: pairs.choice("order", "asc, desc", newest_first)?.unwrap_or(true),
        min_position: MinPosition(pairs.number("min_position")?),
        format: pairs.choice("format", "json, ndjson, csv", format)?.unwrap_or(accepted),
    };
    pairs.finish()?;
    Ok(query)
}

impl AuditQuery {
    /// As the read model wants it: the panel's ids as tokens of this tenant and mode.
    pub fn filter(&self, engine: &Engine, principal: &twofold_engine::Principal) -> AuditFilter {
        let token = |id: &PanelId| engine.keyring().user_token(&principal.tenant.id, principal.mode, id);
        AuditFilter {
            user: self.user.as_ref().map(token),
            actor: self.actor_type,
            actor_token: self.actor.as_ref().map(token),
            kinds: self.kinds.clone(),
            from: self.from,
            to: self.to,
            request_id: self.request_id.clone(),
            outcome: self.outcome,
        }
    }
}

/// A kind that does not exist is a slip that would look like "nothing happened".
fn kinds(values: &[String]) -> Result<Vec<String>> {
    let known = wire::catalogue();
    let mut kinds = Vec::new();
    for kind in values.iter().flat_map(|list| list.split(',')).map(str::trim) {
        if !known.iter().any(|event| event.name == kind) {
            return Err(Problem::invalid(
                "kind",
                "a kind of event such as verification.failed; docs/events.md lists them",
            ));
        }
        if !kinds.iter().any(|known| known == kind) {
            kinds.push(kind.to_owned());
        }
    }
    if kinds.len() > MAX_KINDS {
        return Err(Problem::invalid("kind", format!("at most {MAX_KINDS} kinds")));
    }
    Ok(kinds)
}

fn request_id(text: String) -> Result<String> {
    let usable =
        !text.is_empty() && text.chars().count() <= MAX_REQUEST_ID_CHARS && !text.chars().any(char::is_control);
    if usable { Ok(text) } else { Err(Problem::invalid("request_id", "1 to 128 printable characters")) }
}

fn actor_kind(name: &str) -> Option<ActorKind> {
    [ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System]
        .into_iter()
        .find(|kind| kind.name() == name)
}

fn outcome(name: &str) -> Option<Outcome> {
    match name {
        "success" => Some(Outcome::Success),
        "failure" => Some(Outcome::Failure),
        _ => None,
    }
}

/// `desc` or `asc`.
pub fn newest_first(name: &str) -> Option<bool> {
    match name {
        "desc" => Some(true),
        "asc" => Some(false),
        _ => None,
    }
}

fn format(name: &str) -> Option<Format> {
    match name {
        "json" => Some(Format::Json),
        "ndjson" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

fn accepted_format(parts: &Parts) -> Format {
    let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut kinds = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    let known = |kind: &str| match kind.to_ascii_lowercase().as_str() {
        "application/x-ndjson" | "application/ndjson" => Some(Format::Ndjson),
        "text/csv" => Some(Format::Csv),
        "application/json" | "*/*" => Some(Format::Json),
        _ => None,
    };
    kinds.find_map(known).unwrap_or(Format::Json)
}

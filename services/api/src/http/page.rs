//! Cursor pages. A cursor is opaque: it names a row and is bound to the tenant by a keyed tag.

use serde::Deserialize;
use twofold_crypto::{Keyring, constant_time_eq};
use twofold_domain::TenantId;

use super::problem::{Problem, Result};

const TAG_CHARS: usize = 16;

/// `limit` and `cursor` of a list.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    /// Rows of a page, 1 to 500.
    pub limit: Option<usize>,
    /// From `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Rows of a page.
    pub fn limit(&self) -> Result<usize> {
        let limit = self.limit.unwrap_or(50);
        if (1..=500).contains(&limit) { Ok(limit) } else { Err(Problem::invalid("limit", "from 1 to 500")) }
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Position of the commit.
    pub seq: u64,
    /// Index inside the commit.
    pub idx: u32,
}

impl Cursor {
    /// The opaque text.
    pub fn encode(self, keyring: &Keyring, tenant: &TenantId) -> String {
        let body = format!("{}.{}", self.seq, self.idx);
        let tag = hex(&keyring.cursor_tag(tenant, body.as_bytes()));
        format!("{body}.{}", &tag[..TAG_CHARS])
    }

    /// Reads a cursor of this tenant.
    pub fn decode(keyring: &Keyring, tenant: &TenantId, text: &str) -> Result<Self> {
        let bad = || Problem::bad_request("invalid_cursor", "use next_cursor of the page before as it is");
        let (body, tag) = text.rsplit_once('.').ok_or_else(bad)?;
        let expected = hex(&keyring.cursor_tag(tenant, body.as_bytes()));
        if !constant_time_eq(&expected.as_bytes()[..TAG_CHARS], tag.as_bytes()) {
            return Err(bad());
        }
        let (seq, idx) = body.split_once('.').ok_or_else(bad)?;
        Ok(Self { seq: seq.parse().map_err(|_| bad())?, idx: idx.parse().map_err(|_| bad())? })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! Where the values of a row go, one after the other.

use twofold_domain::{Sealed, Timestamp};
use twofold_event_log::Seq;

use super::Dialect;
use super::error::unavailable;
use crate::StoreError;
use crate::projection::plain;

/// Takes values in the order of a statement's placeholders. There are three types only: texts, integers, bytes.
pub(crate) trait Sink {
    /// A text or NULL.
    fn optional_text(&mut self, text: Option<&str>);

    /// An integer or NULL.
    fn optional_number(&mut self, number: Option<i64>);

    /// Bytes or NULL.
    fn optional_bytes(&mut self, bytes: Option<&[u8]>);

    fn text(&mut self, text: &str) {
        self.optional_text(Some(text));
    }

    fn number(&mut self, number: i64) {
        self.optional_number(Some(number));
    }

    fn sealed(&mut self, sealed: Option<&Sealed>) {
        self.optional_bytes(sealed.map(Sealed::as_bytes));
    }

    fn seq(&mut self, seq: Seq) {
        self.number(number(seq));
    }

    fn time(&mut self, at: Timestamp) {
        self.number(at.as_millis());
    }

    fn optional_time(&mut self, at: Option<Timestamp>) {
        self.optional_number(at.map(Timestamp::as_millis));
    }

    fn flag(&mut self, flag: bool) {
        self.number(i64::from(flag));
    }

    fn optional_flag(&mut self, flag: Option<bool>) {
        self.optional_number(flag.map(i64::from));
    }
}

/// Positions beyond the database's integers are beyond every commit.
pub(super) fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// One argument for each value. The first failure is kept, so callers check once.
pub(crate) struct Values<D: Dialect> {
    arguments: D::Arguments,
    failed: Option<StoreError>,
}

impl<D: Dialect> Default for Values<D> {
    fn default() -> Self {
        Self { arguments: D::Arguments::default(), failed: None }
    }
}

impl<D: Dialect> Values<D> {
    pub fn finish(self) -> Result<D::Arguments, StoreError> {
        self.failed.map_or(Ok(self.arguments), Err)
    }

    fn note(&mut self, added: Result<(), sqlx::error::BoxDynError>) {
        if let Err(error) = added {
            self.failed.get_or_insert_with(|| unavailable(error));
        }
    }
}

impl<D: Dialect> Sink for Values<D> {
    fn optional_text(&mut self, text: Option<&str>) {
        // Somebody may look for what no column can hold.
        let odd = text.filter(|text| text.contains('\0')).map(plain);
        let added = D::add_text(&mut self.arguments, odd.as_deref().or(text));
        self.note(added);
    }

    fn optional_number(&mut self, number: Option<i64>) {
        let added = D::add_number(&mut self.arguments, number);
        self.note(added);
    }

    fn optional_bytes(&mut self, bytes: Option<&[u8]>) {
        let added = D::add_bytes(&mut self.arguments, bytes);
        self.note(added);
    }
}

//! Many rows as one array for each column, in PostgreSQL's binary form.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo};
use sqlx::{Arguments as _, Encode, Postgres, Type};

use crate::StoreError;
use crate::relational::{Sink, unavailable};

/// Takes row after row; the values of a row go to the columns in turn.
#[derive(Default)]
pub(super) struct Arrays {
    columns: Vec<Array>,
    next: usize,
}

/// The elements of one column as they go over the wire: length, then bytes; a length of -1 for NULL.
struct Array {
    element: PgTypeInfo,
    whole: PgTypeInfo,
    count: i32,
    elements: Vec<u8>,
}

const NULL: i32 = -1;

impl Arrays {
    /// The next row starts.
    pub fn row(&mut self) {
        self.next = 0;
    }

    pub fn finish(self) -> Result<PgArguments, StoreError> {
        let mut arguments = PgArguments::default();
        for column in self.columns {
            arguments.add(column).map_err(unavailable)?;
        }
        Ok(arguments)
    }

    fn add<T: Type<Postgres> + PgHasArrayType>(&mut self, value: Option<&[u8]>) {
        if self.columns.len() == self.next {
            let (element, whole) = (T::type_info(), T::array_type_info());
            self.columns.push(Array { element, whole, count: 0, elements: Vec::new() });
        }
        let column = &mut self.columns[self.next];
        self.next += 1;
        column.count += 1;
        // The server takes no value of more than a gigabyte, and no writer of ours makes one.
        let length = value.map_or(NULL, |bytes| i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        column.elements.extend_from_slice(&length.to_be_bytes());
        column.elements.extend_from_slice(value.unwrap_or_default());
    }
}

impl Sink for Arrays {
    fn optional_text(&mut self, text: Option<&str>) {
        self.add::<String>(text.map(str::as_bytes));
    }

    fn optional_number(&mut self, number: Option<i64>) {
        self.add::<i64>(number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }

    fn optional_bytes(&mut self, bytes: Option<&[u8]>) {
        self.add::<Vec<u8>>(bytes);
    }
}

impl Type<Postgres> for Array {
    fn type_info() -> PgTypeInfo {
        // Each says itself what it is, below.
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Array {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let element = self.element.oid().ok_or("a type without a number")?;
        // Dimensions, whether there are NULLs (readers look at the elements), type, length and lower bound.
        for part in [1_i32, 1, element.0.cast_signed(), self.count, 1] {
            buffer.extend_from_slice(&part.to_be_bytes());
        }
        buffer.extend_from_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.whole.clone())
    }

    fn size_hint(&self) -> usize {
        self.elements.len() + 5 * size_of::<i32>()
    }
}

//! What a catalog in SQLite is read and written by: rows, unsigned numbers, and descriptions in JSON.

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// All that `query` finds, each row read by `read`.
///
/// # Errors
/// Those of SQLite and of `read`.
pub fn all<T>(
    connection: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(query)?.query_map([], read)?.collect()
}

/// The unsigned number in `column`, written by `cast_signed`: SQLite has no unsigned integers.
///
/// # Errors
/// There is no integer.
pub fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// The value whose JSON is in `column`.
///
/// # Errors
/// There is no text, or not the JSON of such a value.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| FromSqlError::other(error).into())
}

/// The JSON of `value`, for [`json`] to read.
///
/// # Panics
/// If `value` has a map whose keys are not texts, which no description has.
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values with text keys")
}

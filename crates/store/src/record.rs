//! Rows as Arrow: the columns of memory batches and of segments, and the way back to messages.
//!
//! Every batch begins with [`SYSTEM_COLUMNS`]. A batch of plain rows has nothing else and its `message` is never null.
//! A batch of a line format has the format's columns behind them and its `message` is always null: the line is
//! rebuilt from the columns. A row is in a batch of a format if and only if its line round-trips (see [`crate::line`]).

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, Int32Builder, Int64Builder, RecordBatch, StringArray,
    StringBuilder, StringDictionaryBuilder,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::chunk::Chunk;
use crate::group::EVENT_OVERHEAD_BYTES;
use crate::line::{Cell, Column, ColumnKind, LineFormat, print};

/// The first columns of every batch: timestamp in ms INT64, ingestion time in ms INT64, stream (dictionary of UTF8),
/// sequence number INT64, message UTF8.
pub const SYSTEM_COLUMNS: [&str; 5] = ["__ts", "__ingest", "__stream", "__seq", "message"];

/// The position of `__ts`.
pub const TIMESTAMP: usize = 0;
/// The position of `__ingest`.
pub const INGESTION: usize = 1;
/// The position of `__stream`.
pub const STREAM: usize = 2;
/// The position of `__seq`.
pub const SEQUENCE: usize = 3;
/// The position of `message`.
pub const MESSAGE: usize = 4;

/// Rows in memory, in no order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The line format of all rows, or `None` for plain text.
    pub format: Option<Arc<str>>,
    /// The rows.
    pub records: RecordBatch,
    /// Bytes of the messages, each counted with [`EVENT_OVERHEAD_BYTES`].
    pub raw_bytes: u64,
}

/// The schema of rows of `format`, or of plain rows.
pub fn schema(format: Option<&LineFormat>) -> SchemaRef {
    let stream = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let kinds = [DataType::Int64, DataType::Int64, stream, DataType::Int64, DataType::Utf8];
    let system = SYSTEM_COLUMNS.iter().zip(kinds);
    let system = system.map(|(name, kind)| Field::new(*name, kind, *name == SYSTEM_COLUMNS[MESSAGE]));
    let columns = format.map_or(&[][..], |format| &format.columns);
    let columns = columns.iter().map(|column| Field::new(&column.name, arrow_type(&column.kind), true));
    Arc::new(Schema::new(system.chain(columns).collect::<Vec<_>>()))
}

fn arrow_type(kind: &ColumnKind) -> DataType {
    match kind {
        ColumnKind::Int32 => DataType::Int32,
        ColumnKind::Int64 => DataType::Int64,
        ColumnKind::Text | ColumnKind::OneOf(_) => DataType::Utf8,
    }
}

/// The message of each row: as kept, or rebuilt from the columns.
///
/// # Errors
/// If `records` is not of a schema of this module.
pub fn messages(records: &RecordBatch) -> Result<StringArray, ArrowError> {
    check_schema(records)?;
    let kept = records.column(MESSAGE).as_string::<i32>();
    if kept.null_count() == 0 {
        return Ok(kept.clone());
    }
    let mut out = StringBuilder::with_capacity(records.num_rows(), 0);
    let mut line = String::new();
    for row in 0..records.num_rows() {
        line.clear();
        message_into(records, row, &mut line);
        out.append_value(&line);
    }
    Ok(out.finish())
}

/// Checks that `records` has the columns that the rest of this module takes for granted.
pub(crate) fn check_schema(records: &RecordBatch) -> Result<(), ArrowError> {
    let schema = records.schema();
    let plain = self::schema(None);
    let (system, columns) = schema.fields().split_at_checked(SYSTEM_COLUMNS.len()).unwrap_or_default();
    let is_system = system.len() == plain.fields().len()
        && system
            .iter()
            .zip(plain.fields())
            .all(|(a, b)| (a.name(), a.data_type()) == (b.name(), b.data_type()));
    let known = [DataType::Int32, DataType::Int64, DataType::Utf8];
    if is_system && columns.iter().all(|column| known.contains(column.data_type())) {
        return Ok(());
    }
    Err(ArrowError::SchemaError(format!("not the columns of a log segment: {schema}")))
}

/// Appends the message of `row`; the schema is checked.
pub(crate) fn message_into(records: &RecordBatch, row: usize, out: &mut String) {
    let kept = records.column(MESSAGE).as_string::<i32>();
    if kept.is_valid(row) {
        return out.push_str(kept.value(row));
    }
    print(records.columns()[SYSTEM_COLUMNS.len()..].iter().map(|column| cell(column, row)), out);
}

fn cell(column: &ArrayRef, row: usize) -> Cell<'_> {
    if column.is_null(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Int32 => Cell::Int32(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Cell::Int64(column.as_primitive::<Int64Type>().value(row)),
        _ => Cell::Text(column.as_string::<i32>().value(row)),
    }
}

/// The rows of `chunks` as batches: one of plain rows and one for each format that has rows.
pub(crate) fn batches<'a>(
    chunks: impl IntoIterator<Item = (&'a str, &'a Chunk)>,
    formats: &[LineFormat],
) -> Vec<Batch> {
    let mut plain = Builder::new(None);
    let mut typed: Vec<Builder> = formats.iter().map(|format| Builder::new(Some(format))).collect();
    let mut cells = Vec::new();
    for (stream, chunk) in chunks {
        for (timestamp_ms, sequence, message) in chunk.events() {
            let at = formats.iter().position(|format| format.parse(message, &mut cells));
            let builder = at.map_or(&mut plain, |at| &mut typed[at]);
            builder.system(timestamp_ms, chunk.header.ingestion_ms, sequence);
            builder.raw_bytes += message.len() as u64 + EVENT_OVERHEAD_BYTES;
            match at {
                Some(_) => builder.line(&cells),
                None => builder.message.append_value(message),
            }
        }
        // All events of a chunk are of one stream: one look-up in the dictionary does for each builder.
        typed.iter_mut().chain([&mut plain]).for_each(|builder| builder.stream(stream));
    }
    std::iter::once(plain).chain(typed).filter_map(Builder::finish).collect()
}

/// One batch of the rows of two of the same format.
pub(crate) fn join(first: &Batch, second: &Batch) -> Result<Batch, ArrowError> {
    let records = concat_batches(&first.records.schema(), [&first.records, &second.records])?;
    Ok(Batch { format: first.format.clone(), records, raw_bytes: first.raw_bytes + second.raw_bytes })
}

struct Builder {
    schema: SchemaRef,
    format: Option<Arc<str>>,
    timestamp: Int64Builder,
    ingestion: Int64Builder,
    stream: StringDictionaryBuilder<Int32Type>,
    sequence: Int64Builder,
    message: StringBuilder,
    columns: Vec<ColumnBuilder>,
    raw_bytes: u64,
}

impl Builder {
    fn new(format: Option<&LineFormat>) -> Self {
        Builder {
            schema: schema(format),
            format: format.map(|format| format.id.as_str().into()),
            timestamp: Int64Builder::new(),
            ingestion: Int64Builder::new(),
            stream: StringDictionaryBuilder::new(),
            sequence: Int64Builder::new(),
            message: StringBuilder::new(),
            columns: format
                .map_or(Vec::new(), |format| format.columns.iter().map(ColumnBuilder::new).collect()),
            raw_bytes: 0,
        }
    }

    fn system(&mut self, timestamp_ms: i64, ingestion_ms: i64, sequence: u64) {
        self.timestamp.append_value(timestamp_ms);
        self.ingestion.append_value(ingestion_ms);
        self.sequence.append_value(sequence as i64);
    }

    /// Gives the rows that have none their stream.
    fn stream(&mut self, stream: &str) {
        let rows = self.timestamp.len() - self.stream.len();
        if rows > 0 {
            self.stream.append_values(stream, rows);
        }
    }

    fn line(&mut self, cells: &[Cell<'_>]) {
        self.message.append_null();
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append(*cell);
        }
    }

    fn finish(mut self) -> Option<Batch> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.timestamp.finish()),
            Arc::new(self.ingestion.finish()),
            Arc::new(self.stream.finish()),
            Arc::new(self.sequence.finish()),
            Arc::new(self.message.finish()),
        ];
        columns.extend(self.columns.into_iter().map(ColumnBuilder::finish));
        let records = RecordBatch::try_new(self.schema, columns).expect("the builders follow the schema");
        (records.num_rows() > 0).then_some(Batch { format: self.format, records, raw_bytes: self.raw_bytes })
    }
}

enum ColumnBuilder {
    Int32(Int32Builder),
    Int64(Int64Builder),
    Text(StringBuilder),
}

impl ColumnBuilder {
    fn new(column: &Column) -> Self {
        match column.kind {
            ColumnKind::Int32 => ColumnBuilder::Int32(Int32Builder::new()),
            ColumnKind::Int64 => ColumnBuilder::Int64(Int64Builder::new()),
            ColumnKind::Text | ColumnKind::OneOf(_) => ColumnBuilder::Text(StringBuilder::new()),
        }
    }

    fn append(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (ColumnBuilder::Int32(builder), Cell::Int32(number)) => builder.append_value(number),
            (ColumnBuilder::Int64(builder), Cell::Int64(number)) => builder.append_value(number),
            (ColumnBuilder::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (ColumnBuilder::Int32(builder), _) => builder.append_null(),
            (ColumnBuilder::Int64(builder), _) => builder.append_null(),
            (ColumnBuilder::Text(builder), _) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            ColumnBuilder::Int32(mut builder) => Arc::new(builder.finish()),
            ColumnBuilder::Int64(mut builder) => Arc::new(builder.finish()),
            ColumnBuilder::Text(mut builder) => Arc::new(builder.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Draft, Header};

    const LINE: &str = "2 1 eni-1 - - 0 22 6 20 4249 1418530010 1418530070 ACCEPT OK";

    #[test]
    fn lines_of_a_format_become_columns_and_come_back_as_messages() {
        let header = Header { group: 1, stream: 1, ingestion_ms: 9, first_sequence: 5, count: 0 };
        let chunk = Draft::new([(1, LINE), (2, "free text"), (3, LINE)]).chunk(header).expect("has events");
        let batches = batches([("eni-1-all", &chunk)], &[LineFormat::flow_log_default()]);
        let seen: Vec<_> =
            batches.iter().map(|batch| (batch.format.as_deref(), batch.records.num_rows())).collect();
        assert_eq!(seen, [(None, 1), (Some(crate::line::FLOW_LOG_DEFAULT), 2)]);
        let typed = &batches[1].records;
        assert_eq!(
            typed.column_by_name("dstport").expect("a column").as_primitive::<Int32Type>().value(1),
            22
        );
        assert_eq!(typed.column_by_name("srcaddr").expect("a column").null_count(), 2);
        assert_eq!(
            messages(typed).expect("a log batch").iter().collect::<Vec<_>>(),
            [Some(LINE), Some(LINE)]
        );
        assert_eq!(messages(&batches[0].records).expect("a log batch").value(0), "free text");
    }

    #[test]
    fn a_foreign_batch_is_refused() {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, false)]));
        assert!(messages(&RecordBatch::new_empty(schema)).is_err());
    }
}

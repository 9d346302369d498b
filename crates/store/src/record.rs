//! Rows as Arrow: the columns of memory batches and of segments, and the way back to messages.
//!
//! Every batch begins with [`SYSTEM_COLUMNS`]. A batch of plain rows has nothing else and its `message` is never null.
//! A batch of a line format has the format's columns behind them and its `message` is always null: the line is
//! rebuilt from the columns. A row is in a batch of a format if and only if its line round-trips (see [`crate::line`]).
//! A batch that has rows of entities has [`ENTITY`] as its last column, null in the others; any other batch has no such column.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, DictionaryArray, Int32Builder, Int64Builder, RecordBatch,
    StringArray, StringBuilder, StringDictionaryBuilder, new_null_array,
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

/// The column of entities (dictionary of UTF8): what is told of a batch of events beside them, as its writer says it.
pub const ENTITY: &str = "__entity";

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

/// The schema of rows of `format`, or of plain rows, that are of no entities.
pub fn schema(format: Option<&LineFormat>) -> SchemaRef {
    let kinds = [DataType::Int64, DataType::Int64, dictionary(), DataType::Int64, DataType::Utf8];
    let system = SYSTEM_COLUMNS.iter().zip(kinds);
    let system = system.map(|(name, kind)| Field::new(*name, kind, *name == SYSTEM_COLUMNS[MESSAGE]));
    let columns = format.map_or(&[][..], |format| &format.columns);
    let columns = columns.iter().map(|column| Field::new(&column.name, arrow_type(&column.kind), true));
    Arc::new(Schema::new(system.chain(columns).collect::<Vec<_>>()))
}

/// Where the columns of the line format are: behind those of the system, before that of entities.
pub fn format_columns(schema: &Schema) -> Range<usize> {
    let end = schema.fields().len() - usize::from(has_entities(schema));
    SYSTEM_COLUMNS.len().min(end)..end
}

/// The type of texts of which there are few.
fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Whether rows of this schema may be of entities.
pub fn has_entities(schema: &Schema) -> bool {
    schema.fields().last().is_some_and(|column| column.name() == ENTITY)
}

/// The entities of rows, if there are any; the schema is checked.
pub(crate) fn entities(records: &RecordBatch) -> Option<&DictionaryArray<Int32Type>> {
    has_entities(records.schema_ref()).then(|| records.column(records.num_columns() - 1).as_dictionary())
}

/// Bytes of the different entities that rows are of, each with four for its length; zero if there are none.
pub(crate) fn entity_bytes(records: &RecordBatch) -> u64 {
    let Some(entities) = entities(records) else { return 0 };
    let texts = entities.values().as_string::<i32>();
    let used = entities.occupancy();
    let different: BTreeSet<&str> = used.set_indices().map(|key| texts.value(key)).collect();
    different.iter().map(|text| text.len() as u64 + 4).sum()
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
    let fields = schema.fields();
    let columns = format_columns(&schema);
    let (system, entity) = (&fields[..columns.start], &fields[columns.end..]);
    let is_system = system.len() == plain.fields().len()
        && system
            .iter()
            .zip(plain.fields())
            .all(|(a, b)| (a.name(), a.data_type()) == (b.name(), b.data_type()));
    let known = [DataType::Int32, DataType::Int64, DataType::Utf8];
    let is_known = fields[columns].iter().all(|column| known.contains(column.data_type()))
        && entity.iter().all(|column| *column.data_type() == dictionary());
    if is_system && is_known {
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
    print(
        records.columns()[format_columns(records.schema_ref())].iter().map(|column| cell(column, row)),
        out,
    );
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
        // All events of a chunk are of one stream and entity: one look-up in the dictionaries does for each builder.
        let entity = chunk.entity.as_deref();
        typed.iter_mut().chain([&mut plain]).for_each(|builder| builder.origin(stream, entity));
    }
    std::iter::once(plain).chain(typed).filter_map(Builder::finish).collect()
}

/// One batch of the rows of two of the same format.
pub(crate) fn join(first: &Batch, second: &Batch) -> Result<Batch, ArrowError> {
    let records = concat(&[&first.records, &second.records])?;
    Ok(Batch { format: first.format.clone(), records, raw_bytes: first.raw_bytes + second.raw_bytes })
}

/// The rows of batches of one format, of which there is at least one, in their order.
pub(crate) fn concat(batches: &[&RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let Some(of_entities) = batches.iter().find(|batch| has_entities(batch.schema_ref())) else {
        return concat_batches(batches[0].schema_ref(), batches.iter().copied());
    };
    let schema = of_entities.schema();
    let filled = batches.iter().map(|batch| with_entities(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
    concat_batches(&schema, &filled)
}

/// The rows in a schema that has a column of entities.
fn with_entities(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    if !has_entities(batch.schema_ref()) {
        columns.push(new_null_array(&dictionary(), batch.num_rows()));
    }
    RecordBatch::try_new(schema.clone(), columns)
}

/// The rows without the column of entities if none of them is of one.
pub(crate) fn without_void_entities(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    match entities(&batch) {
        Some(entities) if entities.null_count() == batch.num_rows() => {
            batch.project(&(0..batch.num_columns() - 1).collect::<Vec<_>>())
        }
        _ => Ok(batch),
    }
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
    /// Of the rows up to the last one of an entity; none if there is no such row.
    entity: Option<StringDictionaryBuilder<Int32Type>>,
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
            entity: None,
            raw_bytes: 0,
        }
    }

    fn system(&mut self, timestamp_ms: i64, ingestion_ms: i64, sequence: u64) {
        self.timestamp.append_value(timestamp_ms);
        self.ingestion.append_value(ingestion_ms);
        self.sequence.append_value(sequence as i64);
    }

    /// Gives the rows that have none their stream and their entity.
    fn origin(&mut self, stream: &str, entity: Option<&str>) {
        let before = self.stream.len();
        let rows = self.timestamp.len() - before;
        if rows == 0 {
            return;
        }
        self.stream.append_values(stream, rows);
        if let Some(entity) = entity {
            let entities = self.entity.get_or_insert_with(StringDictionaryBuilder::new);
            entities.append_nulls(before - entities.len());
            entities.append_values(entity, rows);
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
        if let Some(mut entities) = self.entity {
            entities.append_nulls(columns[TIMESTAMP].len() - entities.len());
            columns.push(Arc::new(entities.finish()));
            let entity = Field::new(ENTITY, dictionary(), true);
            let fields = self.schema.fields().iter().map(|field| field.as_ref().clone()).chain([entity]);
            self.schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        }
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
    fn only_batches_with_rows_of_entities_have_a_column_for_them() {
        let header = Header { group: 1, stream: 1, ingestion_ms: 9, first_sequence: 5, count: 0 };
        let chunk = |entity: Option<&str>, events: &[(i64, &'static str)]| {
            let draft = Draft::new(events.iter().copied());
            let draft = if let Some(entity) = entity { draft.of(entity) } else { draft };
            draft.chunk(header).expect("has events")
        };
        let chunks = [
            chunk(None, &[(1, "a"), (2, LINE)]),
            chunk(Some("x"), &[(3, "b"), (4, "c")]),
            chunk(Some("y"), &[(5, "d")]),
            chunk(None, &[(6, "e"), (7, LINE)]),
        ];
        let formats = [LineFormat::flow_log_default()];
        let batches = batches(chunks.iter().map(|chunk| ("s", chunk)), &formats);
        let [plain, typed] = &batches[..] else { panic!("{batches:?}") };
        let entities = |batch: &RecordBatch| {
            let found = super::entities(batch)?.downcast_dict::<StringArray>().expect("texts");
            Some(found.into_iter().map(|text| text.unwrap_or("-")).collect::<String>())
        };
        assert_eq!(entities(&plain.records).as_deref(), Some("-xxy-"));
        assert_eq!(typed.records.schema(), schema(Some(&formats[0])));
        let messages = messages(&plain.records).expect("a log batch");
        assert_eq!(messages.iter().flatten().collect::<String>(), "abcde");
        let bare = super::batches([("s", &chunks[0])], &formats).remove(0);
        assert_eq!(entities(&bare.records), None);
        let joined = |first, second| join(first, second).expect("of one format").records;
        assert_eq!(entities(&joined(&bare, plain)).as_deref(), Some("--xxy-"));
        assert_eq!(entities(&joined(plain, &bare)).as_deref(), Some("-xxy--"));
        let kept = without_void_entities(plain.records.slice(1, 4)).expect("a log batch");
        assert_eq!(entities(&kept).as_deref(), Some("xxy-"));
        let void = without_void_entities(plain.records.slice(4, 1)).expect("a log batch");
        assert_eq!(void.schema(), schema(None));
    }

    #[test]
    fn a_foreign_batch_is_refused() {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, false)]));
        assert!(messages(&RecordBatch::new_empty(schema)).is_err());
    }
}
